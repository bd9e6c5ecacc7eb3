package cli

import (
	"regexp"
	"slices"
	"strings"

	"nuclab/kernel/notebook"
)

// title is the first heading of a notebook, else its name.
func title(nb *notebook.Notebook, name string) string {
	for _, c := range nb.Cells {
		if c.Type == notebook.Markdown {
			if h := heading(c.Source); h != "" {
				return h
			}
		}
	}
	return name
}

// headings are what stands above the code cells that a run counts, each the nearest heading before it.
func headings(nb *notebook.Notebook) (all []string) {
	above := ""
	for _, c := range nb.Cells {
		switch {
		case c.Type == notebook.Markdown:
			if h := heading(c.Source); h != "" {
				above = h
			}
		case c.Type == notebook.Code && strings.TrimSpace(c.Source) != "":
			all = append(all, above)
		}
	}
	return all
}

var headingLine = regexp.MustCompile(`(?m)^#+ +(.+)$`)

// heading is the last heading in a text, "" if there is none.
func heading(markdown string) string {
	all := headingLine.FindAllStringSubmatch(markdown, -1)
	if len(all) == 0 {
		return ""
	}
	return strings.TrimSpace(all[len(all)-1][1])
}

// took is how a progress bar that is done ends, up to its note: rate and time.
var took = regexp.MustCompile(`(, [0-9.e+-]+/(s|min|h|d))?, took [^,<\n]+`)

// clean makes the outputs of a run those of any other: without the cell that set parameters, with the numbers that cells
// would have without it, without times of progress bars, and with other names for paths.
func clean(nb *notebook.Notebook, paths map[string]string) {
	nb.Cells = slices.DeleteFunc(nb.Cells, func(c *notebook.Cell) bool { return c.Tagged("injected-parameters") })
	var long []string
	for p := range paths {
		if p != "" {
			long = append(long, p)
		}
	}
	slices.SortFunc(long, func(a, b string) int { return len(b) - len(a) }) // a folder before the one that it lies in
	tidy := func(text string) string {
		for _, p := range long {
			text = strings.ReplaceAll(text, p, paths[p])
		}
		return took.ReplaceAllString(text, "")
	}
	n := 0
	for _, c := range nb.Cells {
		if c.Count == 0 {
			continue
		}
		n++
		c.Count = n
		for i := range c.Outputs {
			o := &c.Outputs[i]
			if o.Count != 0 {
				o.Count = n
			}
			o.Text, o.EValue = tidy(o.Text), tidy(o.EValue)
			for j, line := range o.Traceback {
				o.Traceback[j] = tidy(line)
			}
			for mime, v := range o.Data {
				if text, ok := v.(string); ok && !strings.HasPrefix(mime, "image/") {
					o.Data[mime] = tidy(text)
				}
			}
		}
	}
}
