/** Stream requests for the oracle: those whose replies show no time. */
import type { Prng } from '../../src/engine/bytes/prng.ts'

export const STREAMS = ['x1', 'x2', 'x3']
/** With another number in the place of an idle time the clock would decide what they answer. */
export const TIMED = new Set(['xclaim', 'xautoclaim', 'xpending'])

const ODD_IDS = [
  '-',
  '+',
  '$',
  '>',
  '0',
  '0-0',
  'x',
  '',
  '5-',
  '1-2-3',
  '(1-1',
  '(',
  '(-',
  '(18446744073709551615-18446744073709551615',
  '18446744073709551615',
  '18446744073709551616',
  '9007199254740993-9007199254740993',
  '1--05',
  ' 5',
  '+7',
]

interface Source {
  readonly rng: Prng
  readonly key: () => string
  readonly num: () => string
  readonly el: () => string
}

export function streamForms({ rng, key, num, el }: Source): (() => string[])[] {
  const pick = <T>(a: readonly T[]): T => a[rng.below(a.length)] as T
  const opt = (...a: string[]): string[] => (rng.below(3) === 0 ? a : [])
  let top = 1
  const id = (): string =>
    rng.below(12) === 0 ? pick(ODD_IDS) : `${Math.max(0, top - rng.below(12))}${pick(['', '-0', '-1', '-2', '-3'])}`
  const newId = (): string => {
    if (rng.below(40) === 0) return pick(ODD_IDS)
    top += rng.below(2)
    return `${top}-${pick(['*', '0', '1', '2', '3', '4'])}`
  }
  const end = (): string => pick(['-', '+', id(), `(${id()}`])
  const fields = (): string[] =>
    pick([() => ['f', el()], () => ['f', el(), 'g', el()], () => ['f', el(), 'g', el()], () => [el(), el()]])()
  const group = (): string => pick(['g1', 'g2', 'g2', 'nope'])
  const consumer = (): string => pick(['al', 'bo', 'cy'])
  const trim = (): string[] => [
    ...pick([['maxlen'], ['maxlen', '~'], ['maxlen', '='], ['minid'], ['minid', '~']]),
    pick([num(), id(), '3', '5']),
    ...(rng.below(5) === 0 ? ['limit', num()] : []),
  ]
  const add = (): string[] => [
    'xadd',
    key(),
    ...opt('nomkstream'),
    ...(rng.below(5) ? [] : trim()),
    newId(),
    ...fields(),
  ]
  return [
    ...Array.from({ length: 6 }, () => add),
    () => ['xtrim', key(), ...trim()],
    () => ['xdel', key(), id(), ...opt(id())],
    () => ['xlen', key()],
    () => [pick(['xrange', 'xrevrange']), key(), end(), end(), ...opt(pick(['count', 'x']), num())],
    () => ['xread', ...opt('count', num()), 'streams', key(), pick([id(), '$'])],
    () => ['xread', 'streams', key(), key(), id(), id()],
    () => [
      'xgroup',
      'create',
      key(),
      group(),
      pick(['0', '$', id()]),
      ...opt('mkstream'),
      ...opt('entriesread', num()),
    ],
    () => ['xgroup', 'setid', key(), group(), pick(['0', '$', id()]), ...opt('entriesread', num())],
    () => ['xgroup', pick(['createconsumer', 'delconsumer', 'foo']), key(), group(), consumer()],
    () => ['xgroup', pick(['destroy', 'help']), key(), pick(['g1', 'nope', 'nope'])],
    () => [
      'xreadgroup',
      'group',
      group(),
      consumer(),
      ...opt('count', num()),
      'streams',
      key(),
      pick(['>', '>', id()]),
    ],
    () => ['xreadgroup', 'group', group(), consumer(), ...opt('noack'), 'streams', key(), '>'],
    () => ['xack', key(), group(), id(), ...opt(id())],
    () => ['xpending', key(), group()],
    () => ['xpending', key(), group(), 'idle', '3600000', end(), end(), num(), ...opt(consumer())],
    () => [
      'xclaim',
      key(),
      group(),
      consumer(),
      pick(['0', '0', '3600000', 'x']),
      id(),
      id(),
      ...opt('force'),
      ...opt('justid'),
      ...opt('retrycount', num()),
      ...opt('lastid', id()),
    ],
    () => [
      'xautoclaim',
      key(),
      group(),
      consumer(),
      pick(['0', '3600000', 'x']),
      end(),
      ...opt('count', num()),
      ...opt('justid'),
    ],
    () => ['xsetid', key(), `${top + rng.below(2)}`, ...opt('entriesadded', num()), ...opt('maxdeletedid', id())],
    () => ['xinfo', 'stream', key(), ...(rng.below(9) ? [] : ['full', 'x'])],
    () => ['xinfo', pick(['groups', 'groups', 'foo']), key()],
    () => ['xinfo', 'consumers', key(), 'never'],
    () => ['memory', 'usage', key(), ...opt('samples', pick(['0', '1', '2']))],
  ]
}
