/**
 * The words of the RDB format, shared by writer and reader.
 *
 *   "REDIS0010"  AUX*  { SELECTDB n  RESIZEDB keys expires  { [EXPIRETIME_MS t] [IDLE|FREQ x] type key value }* }*  EOF crc64
 *
 * Lengths are 6, 14, 32 or 64 bits, told apart by the first two bits; the fourth pattern (11) says that a string follows
 * in a special encoding: an 8, 16 or 32 bit integer, or LZF.
 */
export const RDB_VERSION = 10

export const RDB_TYPE_STRING = 0
export const RDB_TYPE_LIST = 1
export const RDB_TYPE_SET = 2
export const RDB_TYPE_ZSET = 3
export const RDB_TYPE_HASH = 4
export const RDB_TYPE_ZSET_2 = 5
export const RDB_TYPE_MODULE_2 = 7
export const RDB_TYPE_HASH_ZIPMAP = 9
export const RDB_TYPE_LIST_ZIPLIST = 10
export const RDB_TYPE_SET_INTSET = 11
export const RDB_TYPE_ZSET_ZIPLIST = 12
export const RDB_TYPE_HASH_ZIPLIST = 13
export const RDB_TYPE_LIST_QUICKLIST = 14
export const RDB_TYPE_STREAM_LISTPACKS = 15
export const RDB_TYPE_HASH_LISTPACK = 16
export const RDB_TYPE_ZSET_LISTPACK = 17
export const RDB_TYPE_LIST_QUICKLIST_2 = 18
export const RDB_TYPE_STREAM_LISTPACKS_2 = 19

export const RDB_OPCODE_FUNCTION2 = 245
export const RDB_OPCODE_FUNCTION = 246
export const RDB_OPCODE_MODULE_AUX = 247
export const RDB_OPCODE_IDLE = 248
export const RDB_OPCODE_FREQ = 249
export const RDB_OPCODE_AUX = 250
export const RDB_OPCODE_RESIZEDB = 251
export const RDB_OPCODE_EXPIRETIME_MS = 252
export const RDB_OPCODE_EXPIRETIME = 253
export const RDB_OPCODE_SELECTDB = 254
export const RDB_OPCODE_EOF = 255

export const RDB_ENC_INT8 = 0
export const RDB_ENC_INT16 = 1
export const RDB_ENC_INT32 = 2
export const RDB_ENC_LZF = 3

export const QUICKLIST_NODE_CONTAINER_PLAIN = 1
export const QUICKLIST_NODE_CONTAINER_PACKED = 2

/** What is wrong with a file or a payload, in Redis's words. */
export class RdbError extends Error {
  /** Only a look at every entry finds it, which Redis doesn't take when it loads a file of its own. */
  readonly deep: boolean
  constructor(text: string, deep = false) {
    super(text)
    this.deep = deep
  }
}
export const EOF_ERROR = 'Unexpected EOF reading RDB file'
