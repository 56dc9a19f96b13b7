/**
 * A typed value. The shape is one class for all, so that the engine's hot paths see one hidden class.
 *
 *   type    encoding               value
 *   string  int                    number (safe) or bigint (int64 beyond 2^53)
 *           embstr | raw           Bytes, or Sds once it has been edited in place (raw only)
 *   list    quicklist              Quicklist
 *   set     intset | hashtable     Intset | Dict<null>        (7.0 has no listpack set)
 *   hash    listpack | hashtable   Listpack | Dict<Bytes>
 *   zset    listpack | skiplist    Listpack | Zset { dict, zsl }
 *   stream  stream                 (an issue of its own)
 */
export type ObjType = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream'
export type Encoding =
  | 'int'
  | 'embstr'
  | 'raw'
  | 'quicklist'
  | 'intset'
  | 'hashtable'
  | 'listpack'
  | 'skiplist'
  | 'stream'

export class Obj {
  type: ObjType
  encoding: Encoding
  value: unknown
  /** LRU clock (24 bits, seconds) or LFU word (16 bits minutes, 8 bits counter), as in robj.lru. */
  lru: number
  constructor(type: ObjType, encoding: Encoding, value: unknown, lru = 0) {
    this.type = type
    this.encoding = encoding
    this.value = value
    this.lru = lru
  }
}
