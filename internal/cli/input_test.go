package cli

import (
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
)

// TestMalformedFiles: an error about a file names it and the line.
func TestMalformedFiles(t *testing.T) {
	burn := []string{"burn", "-T", "5e9", "--rho", "1e9", "-t", "1e-9"}
	along := []string{"burn", "-x", "si28=1"}
	for _, c := range []struct {
		flag, text string
		args       []string
		want       string // after the file's name
	}{
		{"-x@", "", burn, ": no mass fractions"},
		{"-x@", "si28 0.5\n\nsi28 0.5", burn, ":3: si28 is named twice"},
		{"-x@", "si28 0.5 0.5", burn, ":1: \"si28 0.5 0.5\""},
		{"-x@", "# silicon\nsi28 1,0", burn, ":2: \"1,0\" is not a number"},
		{"-x@", "si28 nan", burn, ":1: X(si28) = NaN"},
		{"-x@", "si28 1.1\nhe4 -0.1", burn, ":2: X(he4) = -0.1"},
		{"-x@", "{\"si28\": 0.5,\n\"sii28\": 0.5}", burn, ":2: nuclide: \"sii28\""},
		{"-x@", "{\"si28\": 0.5,\n\"si28\": 0.5}", burn, ":2: si28 is named twice"},
		{"-x@", "{\"si28\": 0.5,\n}", burn, ":"},
		{"-x@", "{\"si28\": \"1\"}", burn, ":1: si28: \"1\" is not a number"},
		{"-x@", "{\"si28\":\n[1]}", burn, ":2: si28: ["},
		{"-x@", "{\"si28\": null}", burn, ":1: si28: "},
		{"-x@", "{\"si28\": 1}\n2", burn, ":2: something comes after"},
		{"--nuclides@", "he4\nc12 c1x2", burn, ":2: nuclide: \"c1x2\""},
		{"--nuclides@", "# none", burn, ": no nuclides"},
		{"--rates", "4\n  he4  c12  o16", burn, ":2: not in REACLIB format"},
		{"--rates", "", burn, ": no reaction"},
		{"--trajectory", "t T rho\n0 1e9 1e7\n0 1e9 1e7", along, ":3: invalid trajectory: time 0 s after 0 s"},
		{"--trajectory", "0 1e9 1e7\n1 1e12 1e7", along, ":2: "},
		{"--trajectory", "0 1e9 1e7\n1 1e9 0", along, ":2: "},
		{"--trajectory", "0 1e9 1e7 si28", along, ":1: "},
		{"--trajectory", "0 1e9 1e7\n1 1e9 x", along, ":2: "},
		{"--trajectory", "", along, ": "},
	} {
		path := write(t, "file", c.text)
		flag, value := c.flag, path
		if name, ok := strings.CutSuffix(flag, "@"); ok {
			flag, value = name, "@"+path
		}
		args := append(append([]string{}, c.args...), flag, value)
		if flag != "-x" && c.args[1] == "-T" {
			args = append(args, "-x", "he4=1")
		}
		status, out, err := nuclab(args...)
		if status != exitUsage || out != "" || strings.Count(err, "\n") != 1 || !strings.Contains(err, flag+": ") || !strings.Contains(err, path+c.want) {
			t.Errorf("%s %q: status %d, %q", c.flag, c.text, status, err)
		}
	}
}

// TestNearestNames: who mistypes a name is told what may have been meant.
func TestNearestNames(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"burn -T 5e9 --rho 1e9 -t 1 -x sii28=1", "si28"},
		{"burn -T 5e9 --rho 1e9 -t 1 -x fe55=1", "fe54"},
		{"burn -T 5e9 --rho 1e9 -t 1 -x si28=1 --net mesa80", "nearest: mesa_80"},
		{"net mesa_152", "nearest: mesa_151"},
		{"net aprox21.net", "nearest: approx21"},
		{"net --nuclides he4,c112", "c12"},
		{"rate c12(a,g)oo16 -T 1e9", "o16"},
		{"screen -T 1e9 --rho 1e6 -x he4=1 --pair he4,cc12", "c12"},
	} {
		status, _, err := nuclab(strings.Fields(c.args)...)
		if _, near, ok := strings.Cut(err, "nearest: "); status != exitUsage || !ok || !strings.Contains("nearest: "+near, c.want) {
			t.Errorf("%s: status %d, %q", c.args, status, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	track := write(t, "track", "0 3e9 1e7\n1 4e9 1e8\n")
	burn := "burn -T 5e9 --rho 1e9 -x si28=1 "
	for _, c := range []struct{ args, want string }{
		{burn + "-t 1,1", "-t"},
		{burn + "-t nan", "-t"},
		{burn + "-t 1 --decades 1:10", "decades"},
		{burn + "--decades 1e-3", "--decades"},
		{burn + "--decades 2:3", "--decades"},
		{burn + "--decades 0:3", "--decades"},
		{burn + "--decades 10:1", "--decades"},
		{burn + "-t 1 --heating hot", "--heating"},
		{burn + "-t 1 --rtol 1e-14", "--rtol"},
		{burn + "-t 1 --rtol nan", "--rtol"},
		{burn + "-t 1 --weak some", "--weak"},
		{burn + "-t 1 --threads -1", "--threads"},
		{burn + "-t 1 --repeat 0", "--repeat"},
		{burn + "-t 1 --links some", "--links"},
		{burn + "-t 1 --trajectory " + track, "trajectory"},
		{burn + "-t 1 --net approx21 --weak suzuki", "approx21"},
		{"burn -T nan --rho 1 -x si28=1 -t 1", "-T"},
		{"burn -T 1e9 --rho inf -x si28=1 -t 1", "--rho"},
		{"burn -x si28=1 -t 0.5,2 --trajectory " + track, "-t: 2 s"},
		{"burn -x si28=1 --heating isobaric --trajectory " + track, "heating"},
		{"nse --net mesa_80 -T 5e9 --rho 1e8 --ye nan", "--ye"},
		{"nse --nuclides he4,ni56 -T 5e9 --rho 1e8 --ye 0.4", "--ye"},
		{"rate ni56->co56 -T 1e9", "--rho-ye"},
		{"rate c12(a,g)o16 -T 1e9 --weak none", "--weak"},
		{"dataset generate --samples 1 --out x --rates /none", "--rates"},
	} {
		status, out, err := nuclab(strings.Fields(c.args)...)
		if status != exitUsage || out != "" || strings.Count(err, "\n") != 1 || !strings.Contains(err, c.want) {
			t.Errorf("%s: status %d, %q", c.args, status, err)
		}
	}
}

// FuzzMixture: whatever stands in a file of mass fractions, there is a composition of known nuclides or an error that
// tells where.
func FuzzMixture(f *testing.F) {
	for _, s := range []string{"si28 0.5\nhe4 .5 # x", `{"si28": 1}`, "{", `{"a":{"b":1}}`, `{"si28":1e999}`, "{}", "{\"si28\":1,}", "[1]", "si28\t1\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := mixture{path: "fuzz", seen: map[nuclide.Nuclide]bool{}}
		read := c.readLines
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			read = c.readObject
		}
		if err := read(text); err != nil && !strings.HasPrefix(err.Error(), "fuzz:") {
			t.Errorf("%q: %v", text, err)
		}
		if len(c.X) != len(c.Nuclides) {
			t.Errorf("%q: %d nuclides, %d mass fractions", text, len(c.Nuclides), len(c.X))
		}
	})
}
