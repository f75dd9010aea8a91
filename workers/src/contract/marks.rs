//! Marks in what the workers of a map print whose items' lines are shown together: from there on it is about another
//! item. A mark is a line of its own, with a word that is random for every map.

/// What every mark begins with.
const SIGN: &str = "\x1eparcell-item:";

/// What the host looks for in a stream: the marks of the map with this key begin with it. The item's number and the end
/// of the line follow.
pub fn beginning(key: &str) -> String {
    format!("{SIGN}{key}:")
}

/// What stands in a stream before what is printed about the item.
pub fn mark(key: &str, item: usize) -> String {
    format!("{SIGN}{key}:{item}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_its_beginning_the_number_and_the_end_of_the_line() {
        assert_eq!(mark("k3y", 7), "\x1eparcell-item:k3y:7\n");
        for item in [0, 10, usize::MAX] {
            assert_eq!(mark("k3y", item), format!("{}{item}\n", beginning("k3y")));
        }
    }
}
