//! What a notebook holds is in huge pages, where the system gives them to who asks.

use parcell_tests::with_notebook;

/// Whether large memory is marked for huge pages.
const IS_MARKED: &str = r#"
    let block = Vec::<u8>::with_capacity(64 << 20);
    let address = block.as_ptr() as usize;
    let mappings = std::fs::read_to_string("/proc/self/smaps")?;
    let mut inside = false;
    let mut marked = false;
    for line in mappings.lines() {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let bounds = range.and_then(|(start, end)| {
            Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
        });
        if let Some((start, end)) = bounds {
            inside = (start..end).contains(&address);
        } else if inside && line.starts_with("VmFlags:") {
            marked = line.split(' ').any(|flag| flag == "hg");
        }
    }
    marked
"#;

#[test]
fn every_notebook_process_has_them() {
    let modes = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let expected = modes.contains("[madvise]").to_string();
    with_notebook(async |notebook| {
        // Left to glibc, it would be a matter of chance for each process.
        for _ in 0..5 {
            assert_eq!(notebook.value(IS_MARKED).await, expected);
            notebook.succeed("%reset").await;
        }
    });
}
