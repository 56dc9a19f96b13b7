/** A deep copy of any object in the same encoding (COPY). */
import type { Prng } from '../bytes/prng.ts'
import { Dict } from '../structures/dict.ts'
import { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import { Quicklist } from '../structures/quicklist.ts'
import { Sds } from '../structures/sds.ts'
import { Obj } from './object.ts'
import type { Stream } from './stream.ts'
import { duplicateStream } from './stream-copy.ts'
import { markOwnInteger } from './string.ts'
import { createZsetSkiplist, zsetForEach, zsetOf } from './zset.ts'

function duplicateDict<V>(from: Dict<V>, seed: number): Dict<V> {
  const to = new Dict<V>(seed)
  to.expand(from.size)
  from.forEach((key, value) => {
    to.setOwned(key, value)
  })
  return to
}

/** Node by node, as quicklistDup: the copy's nodes are filled like the original's. */
function duplicateList(o: Obj): Quicklist {
  const from = o.value as Quicklist
  const to = new Quicklist(from.fill, from.compress, from.packed)
  for (const node of from.nodes()) {
    if (node.plain !== null) to.appendPlain(node.plain)
    else to.appendListpack(from.nodeListpack(node).clone())
  }
  return to
}

function duplicateSkiplist(o: Obj, rng: Prng): unknown {
  const copy = createZsetSkiplist(rng.next())
  const { dict, zsl } = zsetOf(copy)
  zsetForEach(o, (element, score) => {
    zsl.insert(score, element)
    dict.setOwned(element, score)
  })
  return copy.value
}

function duplicateValue(o: Obj, seed: number, rng: Prng): unknown {
  const value = o.value
  switch (o.encoding) {
    case 'listpack':
      return (value as Listpack).clone()
    case 'intset':
      return Intset.fromBytes((value as Intset).toBytes())
    case 'hashtable':
      return duplicateDict(value as Dict<unknown>, seed)
    case 'quicklist':
      return duplicateList(o)
    case 'skiplist':
      return duplicateSkiplist(o, rng)
    case 'stream':
      return duplicateStream(value as Stream)
    default:
      return value instanceof Sds ? new Sds(value.toBytes()) : value
  }
}

export function duplicateObject(o: Obj, seed: number, rng: Prng): Obj {
  const copy = new Obj(o.type, o.encoding, duplicateValue(o, seed, rng))
  if (o.encoding === 'int') markOwnInteger(copy)
  return copy
}
