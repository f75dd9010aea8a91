//! The ways to die, as a function of the notebook: `die("abort")`.

/// One way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// What `die` is given, and the page shows.
    pub(crate) name: &'static str,
    pub(crate) ends_by: End,
}

/// What it takes to get over it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// Nothing: it ends by itself.
    Itself,
    /// A person who interrupts the cell: what has stopped never goes on.
    Interrupt,
}

const fn way(name: &'static str) -> Way {
    Way {
        name,
        ends_by: End::Itself,
    }
}

/// All of them.
pub(crate) const WAYS: [Way; 17] = [
    way("panic"),
    way("double panic"),
    way("abort"),
    way("SIGSEGV"),
    way("SIGBUS"),
    way("SIGFPE"),
    way("SIGILL"),
    way("SIGKILL"),
    Way {
        name: "SIGSTOP",
        ends_by: End::Interrupt,
    },
    way("stack overflow"),
    way("exit"),
    way("_exit"),
    way("no memory"),
    way("closed output"),
    way("fork bomb"),
    way("no descriptors"),
    // The last: a notebook process that lives on cannot start others any more.
    way("no processes"),
];

/// What the notebook has to have before `die` can be called. A process that is forbidden to start others is one whose
/// calls of `clone` and `fork` fail: a limit on their number would not hold for the superuser.
pub(crate) const DEFINE: &str = r##"
    unsafe extern "C" {
        fn raise(signal: i32) -> i32;
        fn _exit(status: i32) -> !;
        fn close(descriptor: i32) -> i32;
        fn mmap(address: *mut u8, length: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
        fn prctl(option: i32, ...) -> i32;
    }

    struct PanicsAgain;

    impl Drop for PanicsAgain {
        fn drop(&mut self) {
            panic!("again");
        }
    }

    #[allow(unconditional_recursion)]
    fn deep(n: u64) -> u64 {
        std::hint::black_box([n; 64]);
        deep(std::hint::black_box(n + 1)) + 1
    }

    /// Reads beyond the end of a file that is mapped.
    fn read_nothing() -> u64 {
        use std::os::fd::AsRawFd;
        let path = std::env::temp_dir().join(format!("empty-{}", std::process::id()));
        let file = std::fs::File::create_new(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let page = unsafe { mmap(std::ptr::null_mut(), 4096, 1, 2, file.as_raw_fd(), 0) };
        unsafe { page.read_volatile() }.into()
    }

    fn open_all() -> u64 {
        let mut open = Vec::new();
        loop {
            open.push(std::fs::File::open("/dev/null").expect("a descriptor"));
        }
    }

    /// Has calls that start processes fail with EAGAIN, as where there is no room for more.
    fn forbid_processes() {
        #[repr(C)]
        struct Instruction { code: u16, if_true: u8, if_false: u8, value: u32 }
        #[repr(C)]
        struct Program { length: u16, instructions: *const Instruction }
        let jump = |value, if_true| Instruction { code: 0x15, if_true, if_false: 0, value };
        let calls: [u32; 4] = if cfg!(target_arch = "x86_64") { [56, 57, 58, 435] } else { [220, 435, 435, 435] };
        let instructions = [
            Instruction { code: 0x20, if_true: 0, if_false: 0, value: 0 },
            jump(calls[0], 4),
            jump(calls[1], 3),
            jump(calls[2], 2),
            jump(calls[3], 1),
            Instruction { code: 0x06, if_true: 0, if_false: 0, value: 0x7fff_0000 },
            Instruction { code: 0x06, if_true: 0, if_false: 0, value: 0x0005_0000 | 11 },
        ];
        let program = Program { length: 7, instructions: instructions.as_ptr() };
        unsafe {
            assert_eq!(prctl(38, 1_usize, 0_usize, 0_usize, 0_usize), 0);
            assert_eq!(prctl(22, 2_usize, &program), 0);
        }
    }

    /// Two processes that start two each, and so on, five times: 62 that sleep.
    fn bomb() {
        let script = r#"
            breed() { [ "$1" -gt 0 ] && for child in 1 2; do (breed $(($1 - 1)); exec sleep 600) & done; }
            breed 5; wait
        "#;
        std::process::Command::new("sh").args(["-c", script]).spawn().expect("a process");
    }

    fn die(way: &str) -> u64 {
        match way {
            "panic" => panic!("on purpose"),
            "double panic" => {
                let _again = PanicsAgain;
                panic!("on purpose")
            }
            "abort" => std::process::abort(),
            "SIGSEGV" => unsafe { std::ptr::without_provenance::<u64>(8).read_volatile() },
            "SIGBUS" => read_nothing(),
            "SIGFPE" => unsafe { raise(8) as u64 },
            "SIGILL" => unsafe { raise(4) as u64 },
            "SIGKILL" => unsafe { raise(9) as u64 },
            "SIGSTOP" => {
                println!("stops: {};", std::process::id());
                unsafe { raise(19) as u64 }
            }
            "stack overflow" => deep(0),
            "exit" => std::process::exit(3),
            "_exit" => unsafe { _exit(3) },
            "no memory" => std::hint::black_box(Vec::<u64>::with_capacity(1 << 56)).len() as u64,
            "no descriptors" => open_all(),
            "no processes" => {
                forbid_processes();
                u64::from(std::process::Command::new("true").spawn().expect("a process").id())
            }
            "closed output" => {
                unsafe { close(1) + close(2) };
                println!("to standard output");
                eprintln!("to standard error");
                7
            }
            "fork bomb" => {
                bomb();
                std::process::abort()
            }
            _ => unreachable!("{way}"),
        }
    }
"##;
