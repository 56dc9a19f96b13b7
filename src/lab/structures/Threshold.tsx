/** Why a value is kept as it is, the limit that decides it, and one click to the other side of it. */
import { count } from '../format.ts'
import { commandText, type KeyData, plural } from './data.ts'
import { Try } from './Knob.tsx'

const WORDS: Readonly<Record<string, { small: string; big: string; entries: string; value: string; each: string }>> = {
  hash: {
    small: 'listpack',
    big: 'hash table',
    entries: 'hash-max-listpack-entries',
    value: 'hash-max-listpack-value',
    each: 'field',
  },
  zset: {
    small: 'listpack',
    big: 'skiplist',
    entries: 'zset-max-listpack-entries',
    value: 'zset-max-listpack-value',
    each: 'member',
  },
  set: { small: 'intset', big: 'hash table', entries: 'set-max-intset-entries', value: '', each: 'member' },
}

export function Threshold({ data, process, db, name }: { data: KeyData; process: string; db: number; name: string }) {
  const w = WORDS[data.type]
  if (!w || data.encoding === 'intset') return null
  const limit = (directive: string): number => Number(data.limits.find(([n]) => n === directive)?.[1] ?? 0)
  const most = limit(w.entries)
  const longest = w.value === '' ? 0 : limit(w.value)
  if (data.encoding === 'listpack') {
    const add = data.type === 'hash' ? "redis.call('HSET',KEYS[1],'f'..i,i)" : "redis.call('ZADD',KEYS[1],i,'m'..i)"
    const line = `EVAL "for i=1,${most + 1} do ${add} end return ${most + 1}" 1 ${commandText(['x', name], 80).slice(2)}`
    return (
      <div className="why" data-testid="why">
        <p className="cap">
          No {w.big} yet: up to {plural(most, w.each)} of at most {count(longest)} bytes lie in one listpack (
          <span className="mono">{w.entries}</span>). It becomes one with number {count(most + 1)}, or with a longer
          value, and never goes back.
        </p>
        {most <= 2000 && name.length <= 40 && (
          <Try process={process} lines={[...(db === 0 ? [] : [`SELECT ${db}`]), line]}>
            Grow to {w.big}
          </Try>
        )}
      </div>
    )
  }
  const turn = data.events.findLast((e) => e.to === data.encoding)
  const over = data.length > most
  const how =
    data.type === 'set'
      ? over
        ? `it has more than ${plural(most, 'member')}`
        : 'a member is no integer, or it once had too many'
      : over
        ? `${plural(data.length, w.each)} are more than ${w.entries} ${count(most)}`
        : `it once had more than ${plural(most, w.each)}, or one longer than ${w.value} ${count(longest)}`
  return (
    <p className="cap why" data-testid="why">
      Not {w.small === 'intset' ? 'an intset' : 'a listpack'}: {how}
      {turn ? (
        <>
          {' '}
          (<span className="mono">{commandText(turn.command, 36)}</span>)
        </>
      ) : (
        ''
      )}
      .
    </p>
  )
}
