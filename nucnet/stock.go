package nucnet

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nuclide"
)

// stockLists holds the nuclides of the networks of MESA (Paxton et al. 2015,
// ApJS 220, 15, and its data/net_data): element, then mass numbers, single or
// as ranges.
var stockLists = map[string]string{
	"mesa_80": `n; H1-2; He3-4; Li7; Be7,9,10; B8; C12-13; N13-15; O14-18; F17-19; Ne18-22; Na21-24; Mg23-26; Al25-27;
		Si27-30; P30-31; S31-34; Cl35; Ar35-38; K39; Ca39-42; Sc43; Ti44-46; V47; Cr48-50; Mn51; Fe52-54,56; Co55-56;
		Ni56-59; Cu59; Zn60`,
	"mesa_128": `n; H1-2; He3-4; Li7; Be7,9,10; B8; C12-13; N13-15; O14-18; F17-19; Ne18-22; Na21-24; Mg23-26; Al25-28;
		Si27-30; P30-32; S31-34; Cl35-37; Ar35-38; K39-43; Ca39-44; Sc43-46; Ti44-48; V47-51; Cr48-57; Mn51-56; Fe52-58;
		Co55-60; Ni55-61; Cu59-62; Zn60-64`,
	"mesa_151": `n; H1-2; He3-4; Li6-7; Be7,9,10; B8,10,11; C12-13; N13-16; O15-19; F17-20; Ne19-23; Na21-24; Mg23-27;
		Al25-28; Si27-33; P30-34; S31-37; Cl35-38; Ar36-41; K39-42; Ca40-49; Sc43-49; Ti44-51; V47-52; Cr48-55; Mn51-56;
		Fe52-61; Co55-61; Ni56-65`,
	"mesa_201": `n; H1-2; He3-4; Li6-7; Be7,9,10; B8,10,11; C12-13; N13-16; O15-19; F17-20; Ne19-23; Na21-24; Mg23-27;
		Al25-28; Si27-33; P30-34; S31-37; Cl35-38; Ar35-41; K39-44; Ca39-49; Sc43-51; Ti43-54; V47-56; Cr47-58; Mn51-56;
		Fe51-66; Co55-67; Ni55-68; Cu59-66; Zn59-66`,
	"mesa_330": `n; H1-3; He3-4; Li6-7; Be7,9; B8-11; C11-14; N12-15; O14-19; F17-21; Ne17-24; Na19-27; Mg20-29; Al22-31;
		Si23-34; P27-38; S28-42; Cl31-45; Ar32-46; K35-49; Ca36-49; Sc40-51; Ti41-53; V43-55; Cr44-58; Mn46-59; Fe47-64;
		Co50-65; Ni51-66; Cu55-67; Zn57-68; Ga59-69; Ge62-70`,
	"mesa_495": `n; H1-3; He3-4; Li6-7; Be7,9; B8-11; C11-14; N12-15; O14-19; F17-21; Ne17-24; Na19-27; Mg20-29; Al22-31;
		Si23-34; P27-38; S28-42; Cl31-45; Ar32-46; K35-49; Ca36-49; Sc40-51; Ti41-53; V43-55; Cr44-58; Mn46-61; Fe47-66;
		Co50-67; Ni51-68; Cu55-69; Zn57-72; Ga59-75; Ge62-78; As65-79; Se67-83; Br68-83; Kr69-87; Rb73-85; Sr74-84; Y75-87;
		Zr78-90; Nb82-90; Mo83-90; Tc89-91`,
	"mesa_833": `n; H1-2; He3-4; Li6-7; Be7,9,10; B8-11; C11-14; N12-15; O14-19; F17-21; Ne17-24; Na19-27; Mg20-29; Al22-31;
		Si23-38; P27-42; S28-46; Cl31-47; Ar32-50; K35-53; Ca36-54; Sc40-59; Ti41-59; V43-61; Cr44-64; Mn46-67; Fe47-69;
		Co50-71; Ni51-73; Cu55-75; Zn55-78; Ga59-81; Ge59-89; As64-92; Se65-93; Br68-95; Kr68-95; Rb73-95; Sr72-91; Y77-95;
		Zr76-95; Nb82-97; Mo80-98; Tc86-99; Ru86-101; Rh89-103; Pd88-105; Ag95-109; Cd98-110; In99-124; Sn104-125`,
}

// StockNames returns the names that [Stock] knows, smallest network first.
func StockNames() []string {
	return append(approx21.Names(), slices.SortedFunc(maps.Keys(stockLists), func(a, b string) int {
		return strings.Compare(fmt.Sprintf("%10s", a), fmt.Sprintf("%10s", b))
	})...)
}

var (
	stockMu    sync.Mutex
	stockBuilt = map[string]*Network{}
)

// Stock returns one of MESA's networks: mesa_80, mesa_128, mesa_151, mesa_201,
// mesa_330, mesa_495 or mesa_833, the number being that of its nuclides, or
// approx21, approx21_plus_co56 or approx21_cr60_plus_co56, whose few nuclides
// stand for many: see package approx21. It is built on first use and then shared. The error for
// another name wraps [ErrUnknownNetwork].
func Stock(name string) (*Network, error) {
	list, ok := stockLists[name]
	small := slices.Contains(approx21.Names(), name)
	if !ok && !small {
		return nil, fmt.Errorf("nucnet: %q: %w%s; there are %s", name, ErrUnknownNetwork,
			nearest(nuclide.Similar(name, StockNames())), strings.Join(StockNames(), ", "))
	}
	stockMu.Lock()
	defer stockMu.Unlock()
	if n := stockBuilt[name]; n != nil {
		return n, nil
	}
	var n *Network
	var err error
	if small {
		n, err = newSmall(name)
	} else {
		var members []nuclide.Nuclide
		if members, err = parseRanges(list); err == nil {
			n, err = New(name, members)
		}
	}
	if err != nil {
		return nil, err
	}
	stockBuilt[name] = n
	return n, nil
}

// nearest is the part of a message that names what may have been meant.
func nearest(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(names, ", ")
}

// parseRanges reads "n; H1-2; Be7,9,10".
func parseRanges(list string) ([]nuclide.Nuclide, error) {
	var members []nuclide.Nuclide
	for _, field := range strings.Split(list, ";") {
		field = strings.TrimSpace(field)
		element := strings.TrimRight(field, "0123456789,-")
		if element == field {
			n, err := nuclide.Parse(field)
			if err != nil {
				return nil, err
			}
			members = append(members, n)
			continue
		}
		for _, r := range strings.Split(field[len(element):], ",") {
			from, to, ok := strings.Cut(r, "-")
			if !ok {
				to = from
			}
			first, err1 := strconv.Atoi(from)
			last, err2 := strconv.Atoi(to)
			if err1 != nil || err2 != nil {
				return nil, fmt.Errorf("nucnet: %q: want mass numbers such as 12-14,16", field)
			}
			for a := first; a <= last; a++ {
				n, err := nuclide.Parse(element + strconv.Itoa(a))
				if err != nil {
					return nil, err
				}
				members = append(members, n)
			}
		}
	}
	return members, nil
}
