"""Jupyter's own test suite for kernels, with every optional test switched on. Run by TestJupyterKernelTest."""

import unittest

import jupyter_kernel_test as jkt


class NuclabKernelTests(jkt.KernelTests):
    kernel_name = "nuclab"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'import "fmt"\nfmt.Println("hello, world")'
    code_stderr = 'import "os"\nfmt.Fprintln(os.Stderr, "test")'
    completion_samples = [
        {"text": "fmt.Printl", "matches": {"Println"}},
        {"text": "strings.HasPref", "matches": {"HasPrefix"}},
    ]
    complete_code_samples = ["x := 1", "func f() int {\n\treturn 1\n}", 'fmt.Println("a")', "for i := range 3 {\n}"]
    incomplete_code_samples = ["func f() {", "x := []int{1,", "s := `raw", "if x {"]
    invalid_code_samples = ["x := )", "func func"]
    code_page_something = "fmt.Println?"
    code_generate_error = 'panic("no")'
    code_execute_result = [
        {"code": "6*7", "result": "42"},
        {"code": '"a" + "b"', "result": "ab"},
        {"code": "1 < 2", "result": "true"},
    ]
    code_display_data = [
        {"code": 'import "nuclab/kernel/nb"\nnb.Display(nb.HTML("<b>bold</b>"))', "mime": "text/html"},
        {"code": 'nb.Display(nb.SVG("<svg/>"))', "mime": "image/svg+xml"},
    ]
    code_history_pattern = "6?7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "fmt.Println"
    code_clear_output = 'import "nuclab/kernel/nb"\nnb.ClearOutput(false)'


class NuclabIopubWelcomeTests(jkt.IopubWelcomeTests):
    kernel_name = "nuclab"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
