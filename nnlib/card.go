package nnlib

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet/dataset"
	"nuclab/nucnet/sample"
)

// Origin is what it takes to make a net again. Empty strings are not known.
type Origin struct {
	// Code is the commit that the program was built from, with a plus behind it
	// if files had changed since; "unknown" if it was built without one.
	Code string `json:"code,omitempty"`
	// Command trained the net, DataCommand made what it learnt from.
	Command     string `json:"command,omitempty"`
	DataCommand string `json:"data_command,omitempty"`
}

// generateCommand returns the command that makes a data set.
func generateCommand(r dataset.Recipe) string {
	s := "nuclab dataset generate --out DATA"
	flag := func(name string, given bool, format string, args ...any) {
		if given {
			s += " --" + name + " " + fmt.Sprintf(format, args...)
		}
	}
	flag("net", true, "%s", r.Network)
	flag("samples", true, "%d", r.Samples)
	flag("seed", true, "%d", r.Seed)
	flag("protocol", r.Protocol != dataset.Train, "%s", r.Protocol)
	switch r.Generator {
	case string(sample.Paper):
	case string(sample.Listed):
		s += " --generator FILE"
	default:
		flag("generator", true, "%s", r.Generator)
	}
	d, own := sample.Design{}.WithDefaults(), r.Sampling
	span := func(name string, v, standard [2]float64) {
		flag(name, v != standard, "%s:%s", exact(v[0]), exact(v[1]))
	}
	span("log-T", own.LogT, d.LogT)
	span("log-rho", own.LogRho, d.LogRho)
	span("ye", own.Ye, d.Ye)
	span("log-x", own.LogX, d.LogX)
	flag("neutron-max", own.NeutronMax != d.NeutronMax, "%s", exact(own.NeutronMax))
	flag("ye-tolerance", own.Tolerance != d.Tolerance, "%s", exact(own.Tolerance))
	flag("alpha", own.Alpha != d.Alpha, "%s", exact(own.Alpha))
	flag("present", own.Present != 0, "%d", own.Present)
	flag("spread", own.Spread != d.Spread, "%s", exact(own.Spread))
	times := r.Times
	if len(r.Labels) > 0 {
		times = r.Labels
	}
	list := make([]string, len(times))
	for i, t := range times {
		list[i] = exact(t)
	}
	if paper, _, err := dataset.PaperTimes(r.Network); err == nil && slices.Equal(times, paper) {
		list = []string{"paper"}
	}
	flag("times", true, "%s", strings.Join(list, ","))
	flag("rules", r.Burn.Rules != "", "%s", r.Burn.Rules)
	flag("detailed-balance", r.Burn.DetailedBalance != "correct", "%s", r.Burn.DetailedBalance)
	flag("screening", r.Burn.Screening != "chugunov", "%s", r.Burn.Screening)
	flag("weak", r.Burn.Weak != "tables", "%s", r.Burn.Weak)
	flag("weak", r.Burn.Suzuki, "suzuki")
	flag("solver", true, "%s", r.Burn.Solver)
	flag("rtol", true, "%s", exact(r.Burn.RTol))
	flag("atol", true, "%s", exact(r.Burn.ATol))
	flag("rates", r.Burn.Rates != "", "FILE")
	flag("float", r.Float != 64, "%d", r.Float)
	flag("per-file", true, "%d", r.PerFile)
	return s
}

func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// settings returns the settings that are not zero as lines of a file for
// --config.
func (c Config) settings() string {
	var b strings.Builder
	v := reflect.ValueOf(c)
	for i, f := range reflect.VisibleFields(v.Type()) {
		if f.Tag.Get("json") == "-" || v.Field(i).IsZero() {
			continue
		}
		switch x := v.Field(i).Interface().(type) {
		case string:
			fmt.Fprintf(&b, "%s = %q\n", key(f), x)
		case float64:
			fmt.Fprintf(&b, "%s = %s\n", key(f), exact(x))
		default:
			fmt.Fprintf(&b, "%s = %v\n", key(f), x)
		}
	}
	return b.String()
}

// Card describes the model in Markdown: what it is, what it learnt from and
// how, where it holds, and how to make it again.
func (m *Model) Card() string {
	var b strings.Builder
	name := or(m.Network(), "burning matter")
	times, kind := make([]string, len(m.Nets)), ""
	for i, n := range m.Nets {
		times[i] = exact(n.Time)
		kind = "One neural network for each time."
		if n.physical() {
			times[i], kind = fmt.Sprintf("%.4g to %.4g", n.Span[0], n.Span[1]), "One neural network for all times, which corrects physical guesses."
		}
	}
	fmt.Fprintf(&b, "# Emulator of %s\n\n", name)
	fmt.Fprintf(&b, "From temperature, density and the mass fractions of %d nuclides: the mass fractions after %s s at that temperature "+
		"and density, the energy released and the losses to neutrinos. %s\n\n", len(m.Nuclides()), listed(times), kind)

	b.WriteString("| time (s) | layers | weights | epochs | best epoch | validation loss there | of it composition |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for i, n := range m.Nets {
		best := n.History.best()
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %.4g | %.4g |\n", times[i], strings.Join(strings.Fields(strings.Trim(fmt.Sprint(n.Dims()), "[]")), "-"),
			n.Parameters(), len(n.History.Epochs), best.Epoch, best.Validation.Total, best.Validation.Composition)
	}
	b.WriteString("\nThe weights are those of the best epoch: the one with the least composition loss on samples that were not learnt.\n")

	// What several nets have in common is said once.
	each := func(title string, say func(n *Net) string) {
		fmt.Fprintf(&b, "\n## %s\n", title)
		for from := 0; from < len(m.Nets); {
			text, to := say(m.Nets[from]), from+1
			for to < len(m.Nets) && say(m.Nets[to]) == text {
				to++
			}
			if to-from < len(m.Nets) {
				fmt.Fprintf(&b, "\nFor %s s:\n", listed(times[from:to]))
			}
			b.WriteString("\n" + text)
			from = to
		}
	}
	each("Data", func(n *Net) string {
		s := fmt.Sprintf("Samples of %s, SHA-256 `%s`.\n", name, n.Data)
		if n.Origin.DataCommand != "" {
			s += fmt.Sprintf("\n```sh\n%s\n```\n", n.Origin.DataCommand)
		}
		return s
	})
	each("Settings", func(n *Net) string { return fmt.Sprintf("```toml\n%s```\n", n.Config.settings()) })
	each("Domain", func(n *Net) string {
		d := n.Domain
		return fmt.Sprintf("Samples were drawn from this box; elsewhere an answer is a guess, and is marked as outside of the domain.\n\n"+
			"| | |\n| --- | --- |\n| log10 T (K) | %.4f to %.4f |\n| log10 rho (g/cm3) | %.4f to %.4f |\n| Ye | %.5f to %.5f |\n",
			d.LogT[0], d.LogT[1], d.LogRho[0], d.LogRho[1], d.Ye[0], d.Ye[1])
	})
	fmt.Fprintf(&b, "\n## History\n\n| time (s) | epoch | training loss | validation loss | of it composition |\n| --- | --- | --- | --- | --- |\n")
	for i, n := range m.Nets {
		for _, e := range n.History.some(8) {
			fmt.Fprintf(&b, "| %s | %d | %.4g | %.4g | %.4g |\n", times[i], e.Epoch, e.Training.Total, e.Validation.Total, e.Validation.Composition)
		}
	}
	each("To make it again", func(n *Net) string {
		s := fmt.Sprintf("Code: commit `%s`.\n", or(n.Origin.Code, "unknown"))
		if n.Origin.Command != "" {
			return s + fmt.Sprintf("\n```sh\n%s\n```\n", n.Origin.Command)
		}
		if n.physical() {
			return s + "\nTrain with these settings on those samples: `nuclab train --data DATA --out MODEL --config FILE`.\n"
		}
		return s + "\nTrain with these settings on those samples: `nuclab train --data DATA --out MODEL --config FILE -p dt=" + exact(n.Time) + "`.\n"
	})
	return b.String()
}

// listed writes "a, b and c".
func listed(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// best returns the epoch whose weights were kept, losses that are not numbers
// if there is none.
func (h *History) best() Epoch {
	if h.Best < 1 || h.Best > len(h.Epochs) {
		return Epoch{Validation: Loss{math.NaN(), math.NaN(), math.NaN()}}
	}
	return h.Epochs[h.Best-1]
}

// some returns about n of the epochs, the first, the last and the best among
// them, the others spread evenly in the logarithm of their number.
func (h *History) some(n int) []Epoch {
	if h == nil || len(h.Epochs) == 0 {
		return nil
	}
	last := len(h.Epochs)
	var numbers []int
	for i := range n {
		numbers = append(numbers, int(math.Round(math.Pow(float64(last), float64(i)/float64(max(n-1, 1))))))
	}
	numbers = append(numbers, last)
	if h.Best > 0 {
		numbers = append(numbers, h.Best)
	}
	slices.Sort(numbers)
	var epochs []Epoch
	for _, k := range slices.Compact(numbers) {
		epochs = append(epochs, h.Epochs[k-1])
	}
	return epochs
}
