package cli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nucnet"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

func (a *app) net() *cobra.Command {
	var (
		list bool
		n    network
		weak string
	)
	cmd := &cobra.Command{
		Use:     "net [NAME | FILE.net]",
		Short:   "Show a reaction network: nuclides, reactions, Jacobian",
		Long:    "Show the nuclides and reactions of a stock network, of a MESA .net file, or of a list of nuclides. Q in MeV, from atomic masses.",
		Example: "  nuclab net mesa_80\n  nuclab net mine.net\n  nuclab net --nuclides n,h1,he4,c12,o16 --format csv",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the stock networks")
	n.flags(cmd, false)
	weakFlag(cmd, &weak, "tables|suzuki")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		rules, err := weakRules(weak)
		if err != nil {
			return err
		}
		if list {
			return listNetworks(out)
		}
		switch {
		case n.nuclides != "" && len(args) == 1:
			return badInput("--nuclides: a network has either a name or a list, not both")
		case n.nuclides == "" && len(args) == 0:
			return badInput("name a network, or use --nuclides or --list")
		case len(args) == 1:
			n.name = args[0]
		}
		net, err := n.build(rules)
		if err != nil {
			return err
		}
		return writeNetwork(out, net)
	}
	return cmd
}

func listNetworks(out *output) error {
	t := &grid{head: []string{"network", "nuclides", "reactions"}}
	type entry struct {
		Name      string `json:"name"`
		Nuclides  int    `json:"nuclides"`
		Reactions int    `json:"reactions"`
	}
	doc := []entry{}
	for _, name := range nucnet.StockNames() {
		net, err := nucnet.Stock(name)
		if err != nil {
			return err
		}
		e := entry{name, net.Len(), len(net.Reactions())}
		doc = append(doc, e)
		t.add(e.Name, e.Nuclides, e.Reactions)
	}
	return out.write(doc, nil, t)
}

func writeNetwork(out *output, net *nucnet.Network) error {
	type reaction struct {
		Reaction string `json:"reaction"`
		Kind     string `json:"kind"`
		Source   string `json:"source"`
		Q        number `json:"q"`
	}
	pattern := net.Jacobian()
	doc := struct {
		Schema    string         `json:"schema"`
		Network   string         `json:"network"`
		Nuclides  []string       `json:"nuclides"`
		Reactions []reaction     `json:"reactions"`
		Jacobian  map[string]int `json:"jacobian"`
	}{Schema: "nuclab.net/1", Network: net.Name(), Reactions: []reaction{}, Jacobian: map[string]int{
		"nonzeros": pattern.NonZeros, "lu_nonzeros": pattern.LUNonZeros, "lu_multiply_subtracts": pattern.MultiplySubtracts,
	}}
	for _, n := range net.Nuclides() {
		doc.Nuclides = append(doc.Nuclides, n.String())
	}
	t := &grid{head: []string{"reaction", "kind", "source", "Q [MeV]"}}
	for _, r := range net.Reactions() {
		e := reaction{r.String(), string(r.Kind), r.Source, number(r.Q)}
		doc.Reactions = append(doc.Reactions, e)
		t.add(e.Reaction, e.Kind, e.Source, r.Q)
	}
	notes := []string{
		fmt.Sprintf("%s: %d nuclides, %d reactions, Jacobian with %d nonzeros (%d after factorisation)",
			net.Name(), net.Len(), len(doc.Reactions), pattern.NonZeros, pattern.LUNonZeros),
		strings.Join(doc.Nuclides, " "),
	}
	return out.write(doc, notes, t)
}

func (a *app) rate() *cobra.Command {
	var temperatures, balance, weak string
	var rhoYe float64
	cmd := &cobra.Command{
		Use:   "rate REACTION",
		Short: "Evaluate the rate of one reaction",
		Long: `Evaluate the rate of one reaction and of its reverse.

lambda is N_A^(n-1)<sigma v> in REACLIB's units (s^-1, cm3 mol^-1 s^-1, cm6 mol^-2 s^-1 for 1, 2, 3 reactants), without
screening; q is the energy released and q_nu the part of it that neutrinos carry away, in MeV. A decay or capture of one
nuclide also has its half-life, in s.`,
		Example: "  nuclab rate \"c12(a,g)o16\" -T 1e9,3e9\n  nuclab rate \"ni56 -> co56\" -T 5e9 --rho-ye 1e8",
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVarP(&temperatures, "temperature", "T", "", "temperatures in K, `1e9,3e9`")
	f.Float64Var(&rhoYe, "rho-ye", 0, "density times electron fraction in g/cm3, for weak reactions")
	f.StringVar(&balance, "detailed-balance", "correct", "reverse rate: correct|r2305|r2408|r2604")
	weakFlag(cmd, &weak, "tables|suzuki")
	cmd.MarkFlagRequired("temperature")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		reaction, err := rate.ParseReaction(args[0])
		if err != nil {
			return badInput("%v", err)
		}
		kind, err := rate.ParseBalance(balance)
		if err != nil {
			return badInput("--detailed-balance: %v", err)
		}
		ts, err := parseNumbers("-T", temperatures)
		if err != nil {
			return err
		}
		for _, t := range ts {
			if err := inRange("-T", t, minT, maxT, "K"); err != nil {
				return err
			}
		}
		a.warnHot(slices.Max(ts))
		library, err := rate.Default()
		if err != nil {
			return err
		}
		rules, err := weakRules(weak)
		if err != nil {
			return err
		}
		r, err := library.ReactionBy(reaction, kind, rules)
		if err != nil {
			return badInput("%v", err)
		}
		if r.NeedsDensity() && !(rhoYe > 0) {
			return badInput("--rho-ye: %s depends on the density of electrons; give density times electron fraction, g/cm3", reaction)
		}
		return writeRate(out, r, library.Sets(reaction), ts, rhoYe)
	}
	return cmd
}

func writeRate(out *output, r *rate.Single, sets []rate.Set, ts []float64, rhoYe float64) error {
	type value struct {
		T       number `json:"T"`
		Lambda  number `json:"lambda"`
		Reverse number `json:"reverse"`
		QNu     number `json:"q_nu"`
		Half    number `json:"half_life,omitempty"`
	}
	type set struct {
		Label    string    `json:"label"`
		Kind     string    `json:"kind"`
		Reversed bool      `json:"reversed"`
		Coeffs   [7]number `json:"a"`
	}
	doc := struct {
		Schema   string  `json:"schema"`
		Reaction string  `json:"reaction"`
		Kind     string  `json:"kind"`
		Source   string  `json:"source"`
		Q        number  `json:"q"`
		Values   []value `json:"values"`
		Sets     []set   `json:"sets"`
	}{"nuclab.rate/1", r.String(), r.Kind.String(), r.Source, number(r.Q), nil, []set{}}
	for _, s := range sets {
		e := set{Label: s.Label, Kind: s.Kind, Reversed: s.Reversed}
		for i, a := range s.Coeffs {
			e.Coeffs[i] = number(a)
		}
		doc.Sets = append(doc.Sets, e)
	}
	t := &grid{head: []string{"T [K]", "lambda", "reverse", "q_nu [MeV]"}}
	decay := len(r.In) == 1
	if decay {
		t.head = append(t.head, "half-life [s]")
	}
	for _, temperature := range ts {
		v := r.Eval(temperature, rhoYe)
		row := []any{temperature, v.Lambda, v.Reverse, v.QNu}
		e := value{T: number(temperature), Lambda: number(v.Lambda), Reverse: number(v.Reverse), QNu: number(v.QNu)}
		if decay {
			e.Half = number(math.Ln2 / v.Lambda)
			row = append(row, math.Ln2/v.Lambda)
		}
		doc.Values = append(doc.Values, e)
		t.add(row...)
	}
	return out.write(doc, []string{fmt.Sprintf("%s  (%s, %s)  Q = %.6g MeV", r, r.Kind, r.Source, r.Q)}, t)
}

func (a *app) nse() *cobra.Command {
	var (
		m       matter
		ye      float64
		coulomb bool
		n       network
	)
	cmd := &cobra.Command{
		Use:     "nse",
		Short:   "Solve nuclear statistical equilibrium",
		Long:    "Solve nuclear statistical equilibrium for the nuclides of a network. Chemical potentials in MeV, without rest mass.",
		Example: "  nuclab nse --net mesa_151 -T 6e9 --rho 1e9 --ye 0.46",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	n.members(cmd, true)
	m.flags(cmd, false)
	f.Float64Var(&ye, "ye", 0.5, "electron fraction")
	f.BoolVar(&coulomb, "coulomb", true, "include the Coulomb interaction of the nuclei with the plasma")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		net, err := n.build(rate.Rules{})
		if err != nil {
			return err
		}
		if err := inRange("-T", m.T, nse.MinT, nse.MaxT, "K"); err != nil {
			return err
		}
		if err := inRange("--rho", m.rho, nse.MinRho, nse.MaxRho, "g/cm3"); err != nil {
			return err
		}
		a.warnHot(m.T)
		eq, err := nse.Solve(net.Nuclides(), m.T, m.rho, ye, nse.Options{NoCoulomb: !coulomb})
		if errors.Is(err, nse.ErrInput) {
			return badInput("--ye: %v", err)
		}
		if err != nil {
			return err
		}
		names := net.Nuclides()
		doc := struct {
			Schema     string                  `json:"schema"`
			Network    string                  `json:"network"`
			T          number                  `json:"T"`
			Rho        number                  `json:"rho"`
			Ye         number                  `json:"ye"`
			Coulomb    bool                    `json:"coulomb"`
			X          byName[nuclide.Nuclide] `json:"X"`
			MuP        number                  `json:"mu_p"`
			MuN        number                  `json:"mu_n"`
			Iterations int                     `json:"iterations"`
		}{"nuclab.nse/1", net.Name(), number(m.T), number(m.rho), number(ye), coulomb,
			byName[nuclide.Nuclide]{names, eq.X}, number(eq.MuP), number(eq.MuN), eq.Iterations}
		order := make([]int, len(names))
		for i := range order {
			order[i] = i
		}
		notes := []string{fmt.Sprintf("%s at T = %g K, rho = %g g/cm3, Ye = %g: mu_p = %.6g MeV, mu_n = %.6g MeV",
			net.Name(), m.T, m.rho, ye, eq.MuP, eq.MuN)}
		if out.format == "table" {
			order = largest(eq.X, shown)
			notes = append(notes, fmt.Sprintf("The %d most abundant of %d nuclides; --format csv or json gives all.", len(order), len(names)))
		}
		t := &grid{head: []string{"nuclide", "X"}}
		for _, i := range order {
			t.add(names[i], eq.X[i])
		}
		return out.write(doc, notes, t)
	}
	return cmd
}

// largest returns the places of the n largest values, largest first.
func largest(x []float64, n int) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(x[j], x[i]) })
	return order[:min(n, len(order))]
}

func (a *app) screen() *cobra.Command {
	var (
		m          matter
		kind, pair string
	)
	cmd := &cobra.Command{
		Use:     "screen",
		Short:   "Evaluate the screening of two nuclei",
		Long:    "Evaluate how the plasma enhances the reaction of two nuclei: by f = exp(H).",
		Example: "  nuclab screen -T 1e9 --rho 1e9 -x c12=0.5,o16=0.5 --pair c12,c12",
		Args:    cobra.NoArgs,
	}
	m.flags(cmd, true)
	cmd.Flags().StringVar(&kind, "kind", "chugunov", "model: chugunov|extended|salpeter|none")
	cmd.Flags().StringVar(&pair, "pair", "", "the two nuclei, `he4,c12`")
	cmd.MarkFlagRequired("pair")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := m.check(); err != nil {
			return err
		}
		model, err := rate.ParseScreening(kind)
		if err != nil {
			return badInput("--kind: %v", err)
		}
		first, second, ok := strings.Cut(pair, ",")
		if !ok {
			return badInput("--pair: %q is not two nuclei, as in he4,c12", pair)
		}
		var two [2]nuclide.Nuclide
		for i, name := range []string{first, second} {
			if two[i], err = nuclide.Parse(name); err != nil {
				return badInput("--pair: %v", err)
			}
		}
		h := rate.Screen(model, m.T, m.rho, m.composition.Moments(), two[0], two[1])
		doc := struct {
			Schema string `json:"schema"`
			Kind   string `json:"kind"`
			Pair   string `json:"pair"`
			T      number `json:"T"`
			Rho    number `json:"rho"`
			H      number `json:"H"`
			F      number `json:"f"`
		}{"nuclab.screen/1", model.String(), two[0].String() + "," + two[1].String(), number(m.T), number(m.rho),
			number(h), number(math.Exp(h))}
		t := &grid{head: []string{"kind", "pair", "H", "f"}}
		t.add(model, doc.Pair, h, math.Exp(h))
		return out.write(doc, nil, t)
	}
	return cmd
}
