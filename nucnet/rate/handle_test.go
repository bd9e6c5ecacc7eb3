package rate

import "testing"

func TestParseHandle(t *testing.T) {
	for handle, want := range map[string]string{
		"r_c12_ag_o16":                "c12 + he4 -> o16",
		"r_o16_ga_c12":                "o16 -> c12 + he4",
		"r_neut_ga_c12":               "",
		"r_al27_pa_mg24":              "al27 + h1 -> mg24 + he4",
		"r_fe52_ng_fe53":              "fe52 + neut -> fe53",
		"r_he4_he4_he4_to_c12":        "he4 + he4 + he4 -> c12",
		"r_h3_be7_to_neut_h1_he4_he4": "be7 + h3 -> he4 + he4 + h1 + neut",
		"r_ni56_wk_co56":              "ni56 -> co56",
		"r_fe59_wk-minus_co59":        "fe59 -> co59",
		"r_h1_h1_ec_h2":               "h1 + h1 -> h2",
		"r_s27_wk_h1_h1_al25":         "s27 -> al25 + h1 + h1",
		"rc12ag":                      "",
		"r_c12_xy_o16":                "",
		"r_c12_to_o16":                "",
		"r_to_o16":                    "",
		"r_c12_to":                    "",
		"":                            "",
	} {
		r, err := ParseHandle(handle)
		if want == "" {
			if err == nil {
				t.Errorf("%s: %s, want an error", handle, r)
			}
			continue
		}
		if err != nil || r.String() != want {
			t.Errorf("%s: %q, %v, want %q", handle, r, err, want)
		}
	}
}
