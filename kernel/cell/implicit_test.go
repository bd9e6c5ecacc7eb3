package cell

import "testing"

// The names that cells use without import, and that README and help promise.
func TestImplicitPackages(t *testing.T) {
	for name, path := range map[string]string{"nb": "nuclab/kernel/nb", "display": "nuclab/kernel/nb", "widgets": "nuclab/kernel/nb/widgets"} {
		if implicit[name] != path {
			t.Errorf("%s stands for %q, want %q", name, implicit[name], path)
		}
	}
}
