/** Splits `st_rdev` as the C library packs it: 12 + 20 bits low, the rest of both above bit 32 (not within 32-bit shifts). */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const high = Math.floor(rdev / 0x1_0000_0000);
  const low = rdev % 0x1_0000_0000;
  return {
    major: (Math.floor(low / 0x100) & 0xfff) | (high & 0x7fff_f000),
    minor: (low & 0xff) | ((low >>> 12) & 0xf_ff00),
  };
}
