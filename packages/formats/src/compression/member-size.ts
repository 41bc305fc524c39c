/**
 * Uncompressed bytes of one member (gzip) or frame (zstd). Larger ones compress no better at level 1; what is in memory at once, and
 * is made anew for each, is a few of them.
 */
export const MEMBER_BYTES = 256 * 1024;
