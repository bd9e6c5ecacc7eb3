package cli

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// network is the choice of a network and of its reactions, from flags.
type network struct {
	name     string // of a stock network or of a .net file
	nuclides string
	links    string
	rates    string
	nameFlag string // what errors call the name
	ownRates string // text of the file rates
	used     *ratesUsed
}

// ratesUsed is what a burn's JSON says about the user's own rates.
type ratesUsed struct {
	usedFile
	Reactions []string `json:"reactions"`
}

// usedFile names a file that a result depends on.
type usedFile struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

func newUsedFile(path, text string) *usedFile {
	return &usedFile{path, fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
}

// flags adds what chooses nuclides and reactions, and --net where the name is no argument.
func (n *network) flags(cmd *cobra.Command, named bool) {
	f := cmd.Flags()
	n.members(cmd, named)
	f.StringVar(&n.links, "links", "classes", "reactions: classes (those MESA looks for) or all (of REACLIB among the nuclides)")
	f.StringVar(&n.rates, "rates", "", "`FILE` of fits in REACLIB's format that replace ours for the same reactions")
}

// members adds what chooses nuclides.
func (n *network) members(cmd *cobra.Command, named bool) {
	f := cmd.Flags()
	f.StringVar(&n.nuclides, "nuclides", "", "build the network of these, `n,h1,he4` or @FILE, of names or a MESA .net file")
	n.links, n.nameFlag = "classes", "NAME"
	if named {
		n.nameFlag = "--net"
		f.StringVar(&n.name, "net", "", "network: a MESA `FILE.net` or one of "+strings.Join(nucnet.StockNames(), ", ")+" (default mesa_80)")
		cmd.MarkFlagsMutuallyExclusive("net", "nuclides")
	}
}

// build returns the network. Rules say what weak rates it has.
func (n *network) build(rules rate.Rules) (*nucnet.Network, error) {
	switch n.links {
	case "classes":
	case "all":
		rules.All = true
	default:
		return nil, badInput("--links: %q is neither classes nor all", n.links)
	}
	net, err := n.plain(rules)
	if err != nil || n.rates == "" {
		return net, err
	}
	text, err := readInput(n.rates)
	if err != nil {
		return nil, badInput("--rates: %v", err)
	}
	net, list, err := net.ReplaceFrom(strings.NewReader(text), n.rates)
	if err != nil {
		return nil, badInput("--rates: %v", err)
	}
	if len(list) == 0 {
		return nil, badInput("--rates: %s: no reaction in it is between nuclides of %s", n.rates, net.Name())
	}
	n.ownRates = text
	n.used = &ratesUsed{usedFile: *newUsedFile(n.rates, text)}
	for _, r := range list {
		n.used.Reactions = append(n.used.Reactions, r.String())
	}
	return net, nil
}

// plain returns the network without the user's own rates.
func (n *network) plain(rules rate.Rules) (*nucnet.Network, error) {
	if n.nuclides != "" {
		return networkOf(n.nuclides, rules)
	}
	name := strings.TrimPrefix(n.name, "@")
	if name == "" {
		name = "mesa_80"
	}
	var net *nucnet.Network
	var err error
	if strings.HasSuffix(name, ".net") || name != n.name && n.name != "" {
		net, err = nucnet.ReadNet(name, rules)
	} else if net, err = nucnet.Stock(name); err == nil && rules != (rate.Rules{}) {
		net, err = net.By(rules)
	}
	if err != nil {
		return nil, badInput("%s: %v", n.nameFlag, err)
	}
	return net, nil
}

// networkOf builds the network of a list "n,h1,he4" or of a file "@FILE", of names or, if it is called so, a .net one.
func networkOf(list string, rules rate.Rules) (*nucnet.Network, error) {
	net, err := func() (*nucnet.Network, error) {
		var members []nuclide.Nuclide
		path, isFile := strings.CutPrefix(list, "@")
		if isFile && strings.HasSuffix(path, ".net") {
			return nucnet.ReadNet(path, rules)
		}
		var err error
		if isFile {
			var text string
			if text, err = readInput(path); err == nil {
				members, err = parseNames(path, text)
			}
		} else {
			members, err = nuclide.ParseList(list)
		}
		if err != nil {
			return nil, err
		}
		return nucnet.NewBy("custom", members, rules)
	}()
	if err != nil {
		return nil, badInput("--nuclides: %v", err)
	}
	return net, nil
}

// linksNote is what a burn's JSON says about reactions: nothing of MESA's classes.
func (n *network) linksNote() string {
	if n.links == "classes" {
		return ""
	}
	return n.links
}
