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

const TYPES: readonly ObjType[] = ['string', 'list', 'set', 'zset', 'hash', 'stream']
const ENCODINGS: readonly Encoding[] = [
  'int',
  'embstr',
  'raw',
  'quicklist',
  'intset',
  'hashtable',
  'listpack',
  'skiplist',
  'stream',
]
const TYPE_NUMBER: Readonly<Record<ObjType, number>> = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 5 }
const ENCODING_NUMBER: Readonly<Record<Encoding, number>> = {
  int: 0,
  embstr: 1,
  raw: 2,
  quicklist: 3,
  intset: 4,
  hashtable: 5,
  listpack: 6,
  skiplist: 7,
  stream: 8,
}

export class Obj {
  /** As in robj, type, encoding and lru share one number: encoding in bits 0 to 3, type in 4 to 6, lru in the 24 above. */
  private bits: number
  value: unknown
  constructor(type: ObjType, encoding: Encoding, value: unknown, lru = 0) {
    this.bits = ((lru & 0xffffff) << 7) | (TYPE_NUMBER[type] << 4) | ENCODING_NUMBER[encoding]
    this.value = value
  }
  get type(): ObjType {
    return TYPES[(this.bits >> 4) & 7] as ObjType
  }
  get encoding(): Encoding {
    return ENCODINGS[this.bits & 15] as Encoding
  }
  set encoding(encoding: Encoding) {
    this.bits = (this.bits & ~15) | ENCODING_NUMBER[encoding]
  }
  /** LRU clock (24 bits, seconds) or LFU word (16 bits minutes, 8 bits counter), as in robj.lru. */
  get lru(): number {
    return this.bits >>> 7
  }
  set lru(lru: number) {
    this.bits = (this.bits & 127) | ((lru & 0xffffff) << 7)
  }
}
