//! How far the map of a cell that failed has come, and how to get at what it has given.

use parcell::LastMap;

use super::event::CellId;

/// The line that says so; None where `cell` has nothing to show for itself.
pub(super) fn what_is_kept(map: &LastMap, cell: CellId) -> Option<String> {
    let kept = map.done.saturating_sub(map.failed).saturating_sub(map.left_out);
    if map.cell != cell.0 || kept == 0 {
        return None;
    }
    let (are, them) = if kept == 1 { ("is", "it") } else { ("are", "them") };
    let no_room = match map.left_out {
        0 => String::new(),
        left_out => format!(" (there was no room for {left_out} more)"),
    };
    let LastMap { items, type_name, .. } = map;
    Some(format!(
        "  = {kept} of this cell's {items} results {are} kept{no_room}: `last_results::<{type_name}>()?` returns {them}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(done: u64, failed: u64, left_out: u64) -> LastMap {
        LastMap {
            cell: 3,
            items: 10,
            type_name: "Vec<u64>".to_owned(),
            done,
            failed,
            left_out,
            packing: None,
        }
    }

    #[test]
    fn results_are_counted_and_failures_are_not() {
        let told = |done, failed, left_out| what_is_kept(&map(done, failed, left_out), CellId(3));
        assert_eq!(
            told(7, 1, 0).unwrap(),
            "  = 6 of this cell's 10 results are kept: `last_results::<Vec<u64>>()?` returns them"
        );
        assert_eq!(told(1, 1, 0), None);
        assert_eq!(told(0, 0, 0), None);
        let no_room = told(10, 0, 4).unwrap();
        assert!(
            no_room.contains("6 of this cell's 10 results are kept (there was no room for 4 more):"),
            "{no_room}"
        );
        let one = told(2, 1, 0).unwrap();
        assert!(
            one.contains("1 of this cell's 10 results is kept:") && one.ends_with("returns it"),
            "{one}"
        );
    }

    #[test]
    fn another_cells_map_is_nothing_to_tell_of() {
        assert_eq!(what_is_kept(&map(7, 1, 0), CellId(4)), None);
    }
}
