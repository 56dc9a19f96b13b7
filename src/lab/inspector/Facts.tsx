/** Draws whatever plain data a view sends: fields as rows, lists of records as tables, nested records as sections. */
import { useRef } from 'react'
import { count, safeText } from '../format.ts'
import { useLab } from '../store.ts'

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
const isPlain = (v: unknown) => v === null || typeof v !== 'object'

/** Names whose numbers are names as well: they get no commas. */
const PLAIN_NUMBER = /(port|pid|id|epoch|db)$/i

export function plainText(v: unknown, name = ''): string {
  if (v === null || v === undefined) return 'none'
  if (typeof v === 'number')
    return Number.isInteger(v) ? (PLAIN_NUMBER.test(name) ? String(v) : count(v)) : String(Number(v.toPrecision(6)))
  if (typeof v === 'boolean') return v ? 'yes' : 'no'
  if (typeof v === 'object') return safeText(JSON.stringify(v), 120)
  return safeText(String(v), 200)
}

/** camelCase names read as Redis writes them in INFO: with underscores. */
const title = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()

/** INFO's text as sections of fields. */
export function infoSections(text: string): Record<string, Record<string, string>> {
  const out: Record<string, Record<string, string>> = {}
  let section: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('# ')) section = out[line.slice(2)] = {}
    else if (line.includes(':')) {
      if (Object.keys(out).length === 0) out.info = section
      section[line.slice(0, line.indexOf(':'))] = line.slice(line.indexOf(':') + 1)
    }
  }
  return out
}

export function Facts({ data, name, find = '' }: { data: unknown; name: string; find?: string }) {
  if (typeof data === 'string' && /^\w+:/m.test(data)) return <Facts data={infoSections(data)} name={name} />
  if (isPlain(data)) return <div className="cap">{plainText(data)}</div>
  if (Array.isArray(data)) return <Rows rows={data} name={name} find={find} />
  const record = Object.fromEntries(
    Object.entries(data as Record<string, unknown>).map(([k, v]) =>
      typeof v === 'string' && /^\w+:[^\n]*\n/m.test(v) ? [k, infoSections(v)] : [k, v],
    ),
  )
  const entries = Object.entries(record).filter(
    ([k, v]) => find === '' || !isPlain(v) || k.toLowerCase().includes(find),
  )
  const plain = entries.filter(([, v]) => isPlain(v))
  const lists = entries.filter(([, v]) => Array.isArray(v) && v.every(isPlain) && v.length > 0)
  const deep = entries.filter(([, v]) => !isPlain(v) && !(Array.isArray(v) && (v.length === 0 || v.every(isPlain))))
  return (
    <>
      {plain.length > 0 && (
        <section aria-label={name}>
          <div className="h">{title(name).replaceAll('_', ' ')}</div>
          <div className="kv">
            {plain.map(([k, v]) => (
              <Pair key={k} k={title(k)} v={plainText(v, k)} />
            ))}
          </div>
        </section>
      )}
      {lists.map(([k, v]) => (
        <section key={k} aria-label={title(k)}>
          <div className="h">{title(k)}</div>
          <div className="cap mono">
            {(v as unknown[])
              .slice(0, 60)
              .map((x) => plainText(x, k))
              .join(', ')}
          </div>
        </section>
      ))}
      {deep.map(([k, v]) => (
        <Facts key={k} data={v} name={k} find={find} />
      ))}
    </>
  )
}

/** What a step changed is underlined for a second. */
export function Pair({ k, v }: { k: string; v: string }) {
  const standing = useLab((s) => s.change !== null)
  const last = useRef({ v, times: 0 })
  if (last.current.v !== v) last.current = { v, times: standing ? last.current.times + 1 : 0 }
  const { times } = last.current
  return (
    <>
      <span title={k}>{k}</span>
      <span title={v}>
        <span key={times} className={times > 0 ? 'chg' : undefined}>
          {v}
        </span>
      </span>
    </>
  )
}

function Rows({ rows, name, find }: { rows: readonly unknown[]; name: string; find: string }) {
  // [name, value] pairs are a record in disguise.
  if (rows.length > 0 && rows.every((r) => Array.isArray(r) && r.length === 2))
    return <Facts data={Object.fromEntries(rows as [string, unknown][])} name={name} find={find} />
  const records = rows.filter(isRecord)
  if (records.length === 0)
    return rows.length === 0 ? null : (
      <div className="cap mono">
        {rows
          .slice(0, 100)
          .map((x) => plainText(x))
          .join(', ')}
      </div>
    )
  const shown = records.filter((r) => find === '' || JSON.stringify(r).toLowerCase().includes(find)).slice(0, 200)
  const columns = [...new Set(shown.slice(0, 20).flatMap((r) => Object.keys(r)))].slice(0, 8)
  return (
    <section aria-label={title(name)}>
      <div className="h">{title(name).replaceAll('_', ' ')}</div>
      <div className="scroll-x">
        <table className="t">
          <thead>
            <tr>
              {columns.map((c) => (
                <th key={c} scope="col">
                  {title(c)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((r, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own
              <tr key={i}>
                {columns.map((c) => (
                  <td key={c} className="mono" title={plainText(r[c], c)}>
                    {plainText(r[c], c)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {records.length > shown.length && find === '' && (
        <div className="cap">
          First {shown.length} of {count(records.length)}.
        </div>
      )}
    </section>
  )
}
