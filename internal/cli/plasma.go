package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"nuclab/nucnet/plasma"
)

func (a *app) eos() *cobra.Command {
	var m matter
	cmd := &cobra.Command{
		Use:   "eos",
		Short: "Evaluate the equation of state",
		Long: `Evaluate the equation of state: ideal ions, photons, and electrons and positrons as an exact Fermi gas.

eta is the chemical potential of the electron without its rest mass over kT; P is in erg/cm3, E in erg/g, S, cv and cp
in erg/g/K, the speed of sound in cm/s, dP_dT in erg/cm3/K and dP_drho in erg/g.`,
		Example: "  nuclab eos -T 3e9 --rho 1e8 -x si28=1",
		Args:    cobra.NoArgs,
	}
	m.flags(cmd, true)
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := m.check(); err != nil {
			return err
		}
		s, err := plasma.At(m.T, m.rho, m.composition.Moments())
		if err != nil {
			return err
		}
		return writeState(out, &s)
	}
	return cmd
}

func writeState(out *output, s *plasma.State) error {
	doc := struct {
		Schema     string `json:"schema"`
		T          number `json:"T"`
		Rho        number `json:"rho"`
		Abar       number `json:"abar"`
		Ye         number `json:"ye"`
		Eta        number `json:"eta"`
		P          number `json:"P"`
		E          number `json:"E"`
		S          number `json:"S"`
		Cv         number `json:"cv"`
		Cp         number `json:"cp"`
		Gamma1     number `json:"gamma1"`
		Gamma3     number `json:"gamma3"`
		GradAd     number `json:"grad_ad"`
		SoundSpeed number `json:"sound_speed"`
		PT         number `json:"dP_dT"`
		PRho       number `json:"dP_drho"`
		Electrons  number `json:"n_electrons"`
		Positrons  number `json:"n_positrons"`
	}{"nuclab.eos/1", number(s.T), number(s.Rho), number(s.Abar), number(s.Ye), number(s.Eta.Value), number(s.P.Value),
		number(s.E.Value), number(s.S.Value), number(s.Cv), number(s.Cp), number(s.Gamma1), number(s.Gamma3), number(s.GradAd),
		number(s.SoundSpeed), number(s.P.DT), number(s.P.DRho), number(s.Electrons), number(s.Positrons)}
	notes := []string{fmt.Sprintf("T = %g K, rho = %g g/cm3, Abar = %.6g, Ye = %.6g", s.T, s.Rho, s.Abar, s.Ye)}
	t := &grid{head: []string{"quantity", "value", "unit"}}
	t.add("eta", s.Eta.Value, "")
	t.add("P", s.P.Value, "erg/cm3")
	t.add("E", s.E.Value, "erg/g")
	t.add("S", s.S.Value, "erg/g/K")
	t.add("cv", s.Cv, "erg/g/K")
	t.add("cp", s.Cp, "erg/g/K")
	t.add("gamma1", s.Gamma1, "")
	t.add("gamma3", s.Gamma3, "")
	t.add("grad_ad", s.GradAd, "")
	t.add("sound_speed", s.SoundSpeed, "cm/s")
	t.add("dP_dT", s.P.DT, "erg/cm3/K")
	t.add("dP_drho", s.P.DRho, "erg/g")
	t.add("n_electrons", s.Electrons, "1/cm3")
	t.add("n_positrons", s.Positrons, "1/cm3")
	return out.write(doc, notes, t)
}

func (a *app) neutrino() *cobra.Command {
	var m matter
	cmd := &cobra.Command{
		Use:   "neutrino",
		Short: "Evaluate the losses to thermal neutrinos",
		Long: `Evaluate the losses to thermal neutrinos in erg/g/s by the fits of Itoh et al. (1996). Those to neutrinos of nuclear
reactions are not in them. Below 1e7 K the fits end and the losses are given as 0.`,
		Example: "  nuclab neutrino -T 3e9 --rho 1e8 -x si28=1",
		Args:    cobra.NoArgs,
	}
	m.flags(cmd, true)
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := m.check(); err != nil {
			return err
		}
		moments := m.composition.Moments()
		l, err := plasma.Neutrinos(m.T, m.rho, moments)
		if err != nil {
			return err
		}
		doc := struct {
			Schema        string `json:"schema"`
			T             number `json:"T"`
			Rho           number `json:"rho"`
			Abar          number `json:"abar"`
			Ye            number `json:"ye"`
			Pair          number `json:"pair"`
			Plasma        number `json:"plasma"`
			Photo         number `json:"photo"`
			Brems         number `json:"brems"`
			Recombination number `json:"recombination"`
			Total         number `json:"total"`
		}{"nuclab.neutrino/1", number(m.T), number(m.rho), number(moments.Abar), number(moments.Ye), number(l.Pair.Value),
			number(l.Plasma.Value), number(l.Photo.Value), number(l.Brems.Value), number(l.Recombination.Value),
			number(l.Total.Value)}
		notes := []string{fmt.Sprintf("T = %g K, rho = %g g/cm3, Abar = %.6g, Ye = %.6g", m.T, m.rho, moments.Abar, moments.Ye)}
		t := &grid{head: []string{"process", "loss [erg/g/s]", "d ln/d ln T", "d ln/d ln rho"}}
		for _, p := range []struct {
			name string
			q    plasma.Quantity
		}{{"pair", l.Pair}, {"plasma", l.Plasma}, {"photo", l.Photo}, {"brems", l.Brems},
			{"recombination", l.Recombination}, {"total", l.Total}} {
			slopeT, slopeRho := 0.0, 0.0
			if p.q.Value != 0 {
				slopeT, slopeRho = m.T*p.q.DT/p.q.Value, m.rho*p.q.DRho/p.q.Value
			}
			t.add(p.name, p.q.Value, slopeT, slopeRho)
		}
		return out.write(doc, notes, t)
	}
	return cmd
}
