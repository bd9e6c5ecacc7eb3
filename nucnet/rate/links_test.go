package rate

import (
	"testing"

	"nuclab/nucnet/nuclide"
)

// members expands a list like "n; h1-2; fe52-54,56".
func members(t testing.TB, lists ...string) []nuclide.Nuclide {
	t.Helper()
	var all []nuclide.Nuclide
	for _, list := range lists {
		m, err := nuclide.ParseRanges(list)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m...)
	}
	return all
}

func library(t testing.TB) *Library {
	t.Helper()
	l, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The networks of MESA, in order of size.
const (
	light80 = "n; h1-2; he3-4; li7; be7,9,10; b8; c12-13; n13-15; o14-18; f17-19; ne18-22; na21-24; mg23-26; al25-27; " +
		"si27-30; p30-31; s31-34; cl35; ar35-38; k39; ca39-42; sc43; ti44-46; v47; cr48-50; mn51; fe52-54,56; co55-56; " +
		"ni56-59; cu59; zn60"
	net128 = "n; h1-2; he3-4; li7; be7,9,10; b8; c12-13; n13-15; o14-18; f17-19; ne18-22; na21-24; mg23-26; al25-28; " +
		"si27-30; p30-32; s31-34; cl35-37; ar35-38; k39-43; ca39-44; sc43-46; ti44-48; v47-51; cr48-57; mn51-56; " +
		"fe52-58; co55-60; ni55-61; cu59-62; zn60-64"
	net151 = "n; h1-2; he3-4; li6-7; be7,9,10; b8,10,11; c12-13; n13-16; o15-19; f17-20; ne19-23; na21-24; mg23-27; " +
		"al25-28; si27-33; p30-34; s31-37; cl35-38; ar36-41; k39-42; ca40-49; sc43-49; ti44-51; v47-52; cr48-55; " +
		"mn51-56; fe52-61; co55-61; ni56-65"
	net201 = "n; h1-2; he3-4; li6-7; be7,9,10; b8,10,11; c12-13; n13-16; o15-19; f17-20; ne19-23; na21-24; mg23-27; " +
		"al25-28; si27-33; p30-34; s31-37; cl35-38; ar35-41; k39-44; ca39-49; sc43-51; ti43-54; v47-56; cr47-58; " +
		"mn51-56; fe51-66; co55-67; ni55-68; cu59-66; zn59-66"
	upToCr = "n; h1-3; he3-4; li6-7; be7,9; b8-11; c11-14; n12-15; o14-19; f17-21; ne17-24; na19-27; mg20-29; al22-31; " +
		"si23-34; p27-38; s28-42; cl31-45; ar32-46; k35-49; ca36-49; sc40-51; ti41-53; v43-55; cr44-58; "
	net330 = upToCr + "mn46-59; fe47-64; co50-65; ni51-66; cu55-67; zn57-68; ga59-69; ge62-70"
	net495 = upToCr + "mn46-61; fe47-66; co50-67; ni51-68; cu55-69; zn57-72; ga59-75; ge62-78; as65-79; se67-83; br68-83; " +
		"kr69-87; rb73-85; sr74-84; y75-87; zr78-90; nb82-90; mo83-90; tc89-91"
	net833 = "n; h1-2; he3-4; li6-7; be7,9,10; b8-11; c11-14; n12-15; o14-19; f17-21; ne17-24; na19-27; mg20-29; al22-31; " +
		"si23-38; p27-42; s28-46; cl31-47; ar32-50; k35-53; ca36-54; sc40-59; ti41-59; v43-61; cr44-64; mn46-67; " +
		"fe47-69; co50-71; ni51-73; cu55-75; zn55-78; ga59-81; ge59-89; as64-92; se65-93; br68-95; kr68-95; rb73-95; " +
		"sr72-91; y77-95; zr76-95; nb82-97; mo80-98; tc86-99; ru86-101; rh89-103; pd88-105; ag95-109; cd98-110; " +
		"in99-124; sn104-125"
)

// The counts are those of MESA's own networks (Paxton et al., MESA r23.05.1), without its one-way light reactions, and for REACLIB of
// 2025-03-30.
func TestLinkCounts(t *testing.T) {
	l := library(t)
	for _, c := range []struct {
		name                                      string
		list                                      string
		nuclides, strong, tables, fits, estimated int
	}{
		{"mesa_80", light80, 80, 280, 38, 8, 0},
		{"mesa_151", net151, 151, 672, 164, 9, 0},
		{"mesa_201", net201, 201, 919, 238, 18, 0},
		{"mesa_330", net330, 330, 1710, 404, 110, 0},
		{"mesa_495", net495, 495, 2597, 408, 258, 0},
		{"mesa_833", net833, 833, 4391, 440, 544, 5},
	} {
		list := members(t, c.list)
		if len(list) != c.nuclides {
			t.Fatalf("%s: %d nuclides, want %d", c.name, len(list), c.nuclides)
		}
		var measured []nuclide.Nuclide
		for _, n := range list {
			if !n.MassEstimated() {
				measured = append(measured, n)
			}
		}
		if len(list)-len(measured) != c.estimated {
			t.Errorf("%s: %d estimated masses, want %d", c.name, len(list)-len(measured), c.estimated)
		}
		links, err := l.Links(measured, Correct)
		if err != nil {
			t.Fatal(err)
		}
		if a, b, d := len(links.Strong), len(links.Tables), len(links.Fits); a != c.strong || b != c.tables || d != c.fits {
			t.Errorf("%s: %d strong links, %d weak tables, %d weak fits, want %d, %d, %d", c.name, a, b, d, c.strong, c.tables, c.fits)
		}
	}
}
