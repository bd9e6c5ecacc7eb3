package rate

import (
	"maps"
	"slices"
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
	net80 = "n; h1-2; he3-4; li7; be7,9,10; b8; c12-13; n13-15; o14-18; f17-19; ne18-22; na21-24; mg23-26; al25-27; " +
		"si27-30; p30-31; s31-34; cl35; ar35-38; k39; ca39-42; sc43; ti44-46; v47; cr48-50; mn51; fe52-54,56; co55-56; " +
		"ni56-59; cu59; zn60"
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

// The counts are those of MESA r23.05.1's networks, without its one-way reactions between light nuclides, for
// REACLIB of 2025-03-30. Strong links of nuclides with an estimated mass are not in the count of mesa_833.
func TestLinkCounts(t *testing.T) {
	l := library(t)
	for _, c := range []struct {
		name, list                     string
		nuclides, strong, tables, fits int
		directions, estimated          int
	}{
		{"mesa_80", net80, 80, 280, 38, 8, 606, 0},
		{"mesa_151", net151, 151, 672, 164, 9, 1517, 0},
		{"mesa_201", net201, 201, 919, 238, 18, 2094, 0},
		{"mesa_330", net330, 330, 1710, 404, 110, 3934, 0},
		{"mesa_495", net495, 495, 2597, 408, 258, 5860, 0},
		{"mesa_833", net833, 833, 4391, 440, 544, 9766, 5},
	} {
		list := members(t, c.list)
		estimated := 0
		for _, n := range list {
			if n.MassEstimated() {
				estimated++
			}
		}
		if len(list) != c.nuclides || estimated != c.estimated {
			t.Fatalf("%s: %d nuclides, %d of estimated mass, want %d, %d", c.name, len(list), estimated, c.nuclides, c.estimated)
		}
		links, err := l.Links(list, Correct)
		if err != nil {
			t.Fatal(err)
		}
		strong := 0
		for _, link := range links.Strong {
			if !slices.ContainsFunc(slices.Concat(link.In, link.Out), nuclide.Nuclide.MassEstimated) {
				strong++
			}
		}
		if a, b := len(links.Tables), len(links.Fits); strong != c.strong || a != c.tables || b != c.fits || 2*strong+a+b != c.directions {
			t.Errorf("%s: %d strong links, %d weak tables, %d weak fits, want %d, %d, %d", c.name, strong, a, b, c.strong, c.tables, c.fits)
		}
	}
}

// Links whose only fits that do not come from detailed balance are endothermic (REACLIB 2025-03-30).
func TestEndothermicFits(t *testing.T) {
	links, err := library(t).Links(members(t, net80), Correct)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, link := range links.Strong {
		// Photodisintegrations into several nuclides are fitted as they stand in any case: only exchanges count.
		if link.Q < 0 && len(link.In) == 2 && len(link.Out) == 2 {
			got = append(got, link.Reaction.String())
		}
	}
	want := []string{}
	for _, s := range []string{"c13(p,n)n13", "n14(p,n)o14", "n15(p,n)o15", "f19(p,n)ne19", "na23(p,n)mg23", "n14(a,n)f17",
		"o18(a,n)ne21", "ne22(a,n)mg25", "al27(a,n)p30", "s34(a,n)ar37", "ne20(p,a)f17", "mg24(p,a)na21", "ti44(a,p)v47"} {
		r, err := ParseReaction(s)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWeakFits(t *testing.T) {
	links, err := library(t).Links(members(t, net80), Correct)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, w := range links.Fits {
		got[w.Reaction.String()]++
	}
	want := map[string]int{"h1 + h1 -> h2": 2, "he3 + h1 -> he4": 1, "b8 -> he4 + he4": 1, "be7 -> li7": 1, "n13 -> c13": 1,
		"o14 -> n14": 1, "o15 -> n15": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLinksRefuseBadMembers(t *testing.T) {
	l := library(t)
	for _, list := range [][]nuclide.Nuclide{
		{nuclide.Proton, nuclide.Proton},
		{nuclide.Proton, nuclide.Prot},
		{nuclide.Proton, {}},
		make([]nuclide.Nuclide, 2000),
	} {
		if _, err := l.Links(list, Correct); err == nil {
			t.Errorf("%v: no error", list[:2])
		}
	}
}

// Every link conserves mass number and charge, refers to its members and appears once.
func TestLinksConserve(t *testing.T) {
	for _, exothermic := range []bool{false, true} {
		links, err := library(t).LinksBy(members(t, net201), Correct, Rules{Exothermic: exothermic})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, link := range links.Strong {
			z, a := 0, 0
			for k, n := range link.In {
				z, a = z+n.Z(), a+n.A()
				if links.Members[link.in[k]] != n {
					t.Errorf("%s: place of %s", link.Reaction, n)
				}
			}
			for k, n := range link.Out {
				z, a = z-n.Z(), a-n.A()
				if links.Members[link.out[k]] != n {
					t.Errorf("%s: place of %s", link.Reaction, n)
				}
			}
			if z != 0 || a != 0 {
				t.Errorf("%s: charge %+d, mass number %+d", link.Reaction, -z, -a)
			}
			if exothermic && link.Q < 0 {
				t.Errorf("%s goes forward with Q = %g", link.Reaction, link.Q)
			}
			for _, name := range []string{link.Reaction.String(), link.Reverse().String()} {
				if seen[name] {
					t.Errorf("%s comes twice", name)
				}
				seen[name] = true
			}
		}
	}
}
