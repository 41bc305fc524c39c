/**
 * Uncompressed bytes of one member (gzip) or frame (zstd). Larger ones compress no better at level 1, and a few of them are in memory at
 * once.
 */
export const MEMBER_BYTES = 256 * 1024;
