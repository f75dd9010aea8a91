"""The kernel under the test suite that Jupyter has for kernels."""

import jupyter_kernel_test

# On a machine that is busy otherwise.
START_SECONDS = 120


class ParcellTests(jupyter_kernel_test.KernelTests):
    kernel_name = "parcell"
    language_name = "rust"

    file_extension = ".rs"

    code_hello_world = 'println!("hello, world")'
    code_stderr = 'eprintln!("hello, stderr")'
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "(1..=5u64).map(|n| n * n).sum::<u64>()", "result": "55"},
        {"code": '"line\\n".to_string()', "result": '"line\\n"'},
        {"code": "%%pool -n 2 [1u64, 2, 3]\n|n| n * n", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {
            "code": 'println!("EVCXR_BEGIN_CONTENT text/html\\n<b>bold</b>\\nEVCXR_END_CONTENT");',
            "mime": "text/html",
        },
        {
            "code": (
                "struct Square;\n"
                "impl Square {\n"
                "    fn evcxr_display(&self) {\n"
                '        println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n<svg/>\\nEVCXR_END_CONTENT");\n'
                "    }\n"
                "}\n"
                "Square"
            ),
            "mime": "image/svg+xml",
        },
        {"code": 'display(html("<b>bold</b>"));', "mime": "text/html"},
        {"code": 'display(markdown("*it*"));', "mime": "text/markdown"},
        {"code": "display(latex(\"$x$\"));", "mime": "text/latex"},
        {"code": "display(json([1, 2]));", "mime": "application/json"},
        {"code": "display(png([104, 105]));", "mime": "image/png"},
        {"code": "display(jpeg([104, 105]));", "mime": "image/jpeg"},
        {"code": "display(table([(1, 2)]));", "mime": "text/html"},
    ]
    code_clear_output = "clear_output(false);"
    code_generate_error = 'panic!("as it is meant to")'

    completion_samples = [
        {"text": "std::collections::Has", "matches": {"HashMap", "HashSet"}},
        {"text": "u64::MA", "matches": {"MAX"}},
        {"text": "%%po", "matches": {"%%pool"}},
        {"text": ":de", "matches": {":dep"}},
    ]
    complete_code_samples = [
        "",
        "1 + 2",
        "let x = 1;",
        "fn one() -> u64 {\n    1\n}",
        "%%pool -n 2 0..3\n|n| n * n",
        "?String",
    ]
    incomplete_code_samples = ["fn one() -> u64 {", 'println!("half', "1 +", "%%pool -n 2 0..3"]
    invalid_code_samples = ["let x = ];", "fn ) {}"]

    code_inspect_sample = "String"

    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "1 +*"

    @classmethod
    def setUpClass(cls):
        """Waits for the first cell, which waits for the kernel's start: the suite gives each cell 15 seconds."""
        super().setUpClass()
        cls.kc.execute_interactive("", silent=True, timeout=START_SECONDS)


class ParcellWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "parcell"
    support_iopub_welcome = True
