/**
 * Import this before `ws`: it keeps ws from loading the native add-ons that other packages bring along (no native code
 * in the process; ws's own JavaScript does the same). A side effect on purpose, since ws reads these at its import.
 */
process.env.WS_NO_BUFFER_UTIL = '1';
process.env.WS_NO_UTF_8_VALIDATE = '1';
