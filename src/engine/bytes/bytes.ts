/**
 * Redis strings are bytes. Here a byte string is a JavaScript string whose every char code is 0..255 (a "binary
 * string"): V8 keeps it one byte a char, hashes and compares it natively. Text is encoded to UTF-8 *before* it becomes
 * Bytes. The type is an alias, not a brand, so that literals such as 'OK' need no ceremony; what comes from outside
 * (a keyboard, a file) must pass through `utf8Encode` or a latin1 decoder.
 *
 * A slice may keep its parent alive (V8 SlicedString). What *retains* an argument (a key, a member, a value) must
 * call `own()`, which returns an equal, flat, independent string.
 */
export type Bytes = string
