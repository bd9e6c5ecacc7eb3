package bbq

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// TestRandomReference burns samples that BBQ drew in its own test of the random mode, by approx21, and compares with
// what it wrote. Hydrogen burns in the first two, as long as the table allows; the others are alpha particles out of
// heavier nuclei, which only the reverse rates of r23.05.1 leave as carbon and heavier. BBQ's masses are older.
func TestRandomReference(t *testing.T) {
	const names = "neut h1 prot he3 he4 c12 n14 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 cr56 fe52 fe54 fe56 ni56"
	columns := strings.Fields(names)
	var input strings.Builder
	samples := []struct {
		zone      string
		initial   map[string]float64
		nuc, neu  float64
		x         map[string]float64
		tolerance float64
	}{
		{"1.0091238953979965e-12 9.0491742039705834e0 7.3542353215257661e0", map[string]float64{"he3": 9.9439621530443401e-1, "ne20": 1.5345174743228242e-5, "mg24": 5.4661196531335856e-3, "cr56": 8.7611740089140991e-6, "fe54": 1.1349078680438033e-4, "fe56": 6.7906763555383239e-8},
			1.5133073182562207e18, 6.950652342360128e17, map[string]float64{"h1": 2.4393228762598104e-1, "he3": 2.6259935242516669e-1, "he4": 4.8786457476537237e-1, "ne20": 1.5345174431903186e-5, "mg24": 5.4661195812058033e-3, "cr56": 8.7611740089140991e-6, "fe54": 1.1349078680438031e-4}, 1e-06},
		{"1.1440529776920656e-11 8.8840342465712805e0 9.8179145384137598e0", map[string]float64{"neut": 1.1800090784014398e-2, "he3": 9.6550205052802873e-1, "he4": 1.4802975095427965e-6, "ne20": 1.40513382689913e-2, "mg24": 1.301686740780353e-11, "si28": 8.5847252783648846e-3, "s32": 3.6554549348458321e-8, "ar36": 6.0254136572105455e-5, "fe56": 1.573233122716273e-8, "ni56": 8.4066209849481422e-9},
			2.0688285104068887e18, 2.1998191926533165e26, map[string]float64{"neut": 1.1800090784014398e-2, "h1": 3.1368373314855807e-1, "he3": 9.665401542171924e-5, "he4": 5.9401543183000227e-1, "c12": 8.3955580156201627e-4, "n14": 5.6730602406220854e-2, "ne20": 1.4185171313442685e-2, "mg24": 3.718468395288562e-6, "si28": 8.5847137514059764e-3, "ar36": 6.0254136504635269e-5}, 1e-06},
		{"1.054817762846586e-1 9.7571921411706164e0 5.6415910669612215e0", map[string]float64{"neut": 9.1590032506932139e-7, "prot": 6.5060792177684747e-10, "he4": 5.5721350011008391e-2, "n14": 5.0208945521476644e-1, "ne20": 7.9907030564275935e-2, "mg24": 1.7690856176154944e-3, "si28": 2.6105796150964325e-6, "s32": 3.9771764966074344e-7, "ar36": 3.6018501541153863e-1, "fe54": 3.2395681898996035e-4, "fe56": 1.8151360717079141e-7},
			-8.2965834048043494e17, 4.1747901823474705e5, map[string]float64{"neut": 5.7614169257959149e-3, "prot": 7.156576100737869e-3, "he4": 9.676649109436094e-1, "c12": 4.4792949252921236e-5, "o16": 1.8827730342986796e-5, "mg24": 1.3550614351910323e-6, "si28": 1.0779136492053196e-4, "s32": 1.8527331782060444e-5, "ar36": 1.8351689970827493e-6, "fe54": 1.17498257779695e-4, "fe56": 1.9106063962894895e-2}, 0.01},
		{"1.3117328362118342e-7 9.9379130572631222e0 2.5237757024530771e0", map[string]float64{"neut": 3.1289369567918708e-8, "prot": 1.5500613328244983e-5, "he4": 1.1539957094164381e-2, "ne20": 5.4236694527760092e-6, "mg24": 9.8113114932699563e-1, "s32": 6.569309005623968e-3, "ca40": 3.8131084740559385e-12, "ti44": 1.9254274966100453e-4, "cr56": 2.9723188571239612e-6, "fe52": 1.0965331138721645e-10, "fe56": 3.0082446665781973e-9, "ni56": 5.4311081083564415e-4},
			-9.4945309056803213e17, 6.9626722446262963e-3, map[string]float64{"neut": 1.455541427540317e-3, "prot": 1.4710105690839814e-3, "he4": 6.4840008000584926e-1, "c12": 3.4853071031548111e-1, "o16": 1.3234953044514763e-4, "ne20": 7.327154263263726e-6, "cr56": 2.9723188571239612e-6}, 0.0001},
		{"1.2199853065717812e-8 8.5602945566628055e0 4.3530716439055439e0", map[string]float64{"h1": 1.1392344554134023e-7, "he3": 2.5874220697688488e-1, "n14": 2.9500022064523506e-6, "o16": 3.0161688395384745e-2, "s32": 6.6714583242402285e-7, "cr56": 7.1109237355530963e-1},
			4.1969392847714552e16, 4.6280202852224858e17, map[string]float64{"h1": 6.7652213018924608e-3, "he3": 2.3844687961147776e-1, "he4": 1.3530223473189457e-2, "n14": 2.9500055781901477e-6, "o16": 3.0161688391531223e-2, "cr56": 7.1109237355530963e-1}, 1e-06},
	}
	for _, s := range samples {
		input.WriteString(s.zone)
		for _, n := range columns {
			fmt.Fprintf(&input, " %g", s.initial[n])
		}
		input.WriteByte('\n')
	}
	dir := folder(t, "input.txt", input.String(), "inlist",
		"&bbq use_input_file=.true. /\n&sampling input_filename='input.txt', output_filename='output.txt' /\n")
	for _, solver := range []string{"", "bader-deuflhard"} {
		if _, err := run(t, dir, "inlist", Options{Solver: solver}); err != nil {
			t.Fatal(err)
		}
		head, rows := output(t, filepath.Join(dir, "output.txt"))
		if head != "id eps_nuc eps_neu "+names+" " || len(rows) != len(samples) {
			t.Fatalf("heading %q, %d rows", head, len(rows))
		}
		for i, s := range samples {
			check := func(name string, got, want, tolerance float64) {
				t.Helper()
				if !(math.Abs(got/want-1) <= tolerance) {
					t.Errorf("solver %q, sample %d: %s = %.10g, BBQ has %.10g", solver, i+1, name, got, want)
				}
			}
			check("eps_nuc", rows[i][1], s.nuc, s.tolerance)
			if s.neu > 1 {
				check("eps_neu", rows[i][2], s.neu, max(s.tolerance, 5e-4))
			}
			for k, name := range columns {
				if want, ok := s.x[name]; ok {
					check(name, rows[i][3+k], want, s.tolerance)
				}
			}
		}
	}
}

// TestBigNetReference is BBQ's own test of mesa_495, its first and its last sample: equal mass fractions, 10 s. Rates of
// light nuclides are those of REACLIB of 2017 there. The loss by neutrinos takes leaving out what MESA has no energy for.
// In the hot sample it shows which fits MESA reverses: the exothermic ones, also those that REACLIB has from detailed
// balance itself; by the other ones ar38 and s34 come out 3 % smaller.
func TestBigNetReference(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of 495 nuclides")
	}
	dir := folder(t, "input.txt", "10.0 9.0 5.0\n10.0 9.5 5.0\n", "inlist", `&bbq
 net_name = 'mesa_495.net', eps = 1d-4, odescal = 1d-6, use_input_file = .true. /
&sampling input_filename = 'input.txt', output_filename = 'output.txt', uniform_composition = .true. /
`)
	if _, err := run(t, dir, "inlist", Options{}); err != nil {
		t.Fatal(err)
	}
	head, rows := output(t, filepath.Join(dir, "output.txt"))
	for _, c := range []struct {
		row       int
		want      map[string]float64
		tolerance float64
	}{
		{0, map[string]float64{"eps_nuc": 2.4571405589501165e17, "eps_neu": 1.9060653016772528e14, "b9": 2.0202019043909151e-3}, 0.01},
		{0, map[string]float64{"mg24": 3.8740495542432335e-2, "al27": 1.4914854466733247e-2}, 0.04},
		{1, map[string]float64{"fe56": 4.8136072369643634e-1, "mn53": 1.7688848144549373e-2, "cr50": 2.7125280850326251e-3}, 1e-3},
		{1, map[string]float64{"fe54": 2.0488926004116392e-1, "cr52": 7.8613274379121967e-2, "fe55": 4.0963477612843649e-2,
			"si28": 5.3949721298954069e-2, "s32": 2.7578675896724147e-2, "s34": 1.1676560914690961e-2, "ar38": 1.4792524973671901e-2}, 0.01},
	} {
		for i, name := range strings.Fields(head) {
			if w, ok := c.want[name]; ok && math.Abs(rows[c.row][i]/w-1) > c.tolerance {
				t.Errorf("sample %d: %s = %g, BBQ has %g", c.row+1, name, rows[c.row][i], w)
			}
		}
	}
}
