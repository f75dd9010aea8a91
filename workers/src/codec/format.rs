//! The bytes that say what follows them: MessagePack's, with numbers in big-endian order, and our own.

pub(super) const FIX_MAP: u8 = 0x80;
pub(super) const FIX_ARRAY: u8 = 0x90;
pub(super) const FIX_STR: u8 = 0xa0;
pub(super) const NIL: u8 = 0xc0;
/// MessagePack never uses this one: one of [`ours`] comes next.
pub(super) const OURS: u8 = 0xc1;
pub(super) const FALSE: u8 = 0xc2;
pub(super) const TRUE: u8 = 0xc3;
pub(super) const BIN_8: u8 = 0xc4;
pub(super) const BIN_16: u8 = 0xc5;
pub(super) const BIN_32: u8 = 0xc6;
pub(super) const F_32: u8 = 0xca;
pub(super) const F_64: u8 = 0xcb;
pub(super) const U_8: u8 = 0xcc;
pub(super) const U_16: u8 = 0xcd;
pub(super) const U_32: u8 = 0xce;
pub(super) const U_64: u8 = 0xcf;
pub(super) const I_8: u8 = 0xd0;
pub(super) const I_16: u8 = 0xd1;
pub(super) const I_32: u8 = 0xd2;
pub(super) const I_64: u8 = 0xd3;
pub(super) const STR_8: u8 = 0xd9;
pub(super) const STR_16: u8 = 0xda;
pub(super) const STR_32: u8 = 0xdb;
pub(super) const ARRAY_16: u8 = 0xdc;
pub(super) const ARRAY_32: u8 = 0xdd;
pub(super) const MAP_16: u8 = 0xde;
pub(super) const MAP_32: u8 = 0xdf;
/// From here on a byte is a negative number.
pub(super) const FIX_NEGATIVE: u8 = 0xe0;

/// What follows [`OURS`].
pub(super) mod ours {
    /// A value comes next, in an option. It is there only where the value would read as no value: before nil, and
    /// before another one of its kind.
    pub(in crate::codec) const SOME: u8 = 0;
    /// A character, in 4 bytes.
    pub(in crate::codec) const CHAR: u8 = 1;
    pub(in crate::codec) const U_128: u8 = 2;
    pub(in crate::codec) const I_128: u8 = 3;
    /// The lengths that MessagePack's 32 bits are too few for, in 8 bytes.
    pub(in crate::codec) const STR_64: u8 = 4;
    pub(in crate::codec) const BIN_64: u8 = 5;
    pub(in crate::codec) const ARRAY_64: u8 = 6;
    pub(in crate::codec) const MAP_64: u8 = 7;
    /// The shape of the elements in 3 bytes, the length of all of them together in 8, and then their memory.
    pub(in crate::codec) const BULK: u8 = 8;
}
