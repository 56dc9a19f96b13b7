/** Two tables side by side while a dict rehashes: buckets before rehashidx are empty, the next one to move is marked. */
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import type { DictShape, TableShape } from './shapes.ts'

const ROW = 28
const LETTER = 6.7

export function DictView({ dict, chosen }: { dict: DictShape; chosen: string }) {
  const rehashing = dict.rehashidx >= 0
  const [old, next] = dict.tables
  if (!old || old.size === 0)
    return <div className="say">The table is empty: size 0. The first key makes it 4 buckets.</div>
  return (
    <>
      <div className={rehashing ? 'ht' : ''}>
        <Table
          name="ht[0]"
          table={old}
          moved={rehashing ? dict.rehashidx : 0}
          next={rehashing ? dict.rehashidx : -1}
          chosen={chosen}
        />
        {rehashing && next && <Table name="ht[1]" table={next} moved={0} next={-1} chosen={chosen} />}
      </div>
      <p className="cap">
        {rehashing && next
          ? `Old bucket b goes to b or b + ${old.size}${next.size < old.size ? ' modulo the smaller size' : ''}. Each command on this dict moves one bucket; new keys go to ht[1].`
          : `Load ${(old.used / old.size).toFixed(2)}. At 1 key a bucket the next insert makes a table of ${count(old.size * 2)} and rehashing begins.`}
      </p>
    </>
  )
}

function Table({
  name,
  table,
  moved,
  next,
  chosen,
}: {
  name: string
  table: TableShape
  moved: number
  next: number
  chosen: string
}) {
  const widest = Math.max(
    180,
    ...table.buckets.map((b) => 72 + b.keys.reduce((w, k) => w + showBytes(k, 18).length * LETTER + 22, 0)),
  )
  return (
    <div className="sv">
      <svg
        width={widest}
        height={20 + table.buckets.length * ROW}
        role="img"
        aria-label={`${name}: size ${table.size}, used ${table.used}. ${table.buckets
          .filter((b) => b.keys.length > 0)
          .map((b) => `bucket ${b.index}: ${b.keys.map((k) => showBytes(k, 30)).join(', ')}`)
          .join('; ')
          .slice(0, 900)}`}
      >
        <defs>
          <pattern
            id={`hx${name.charCodeAt(3)}`}
            width="5"
            height="5"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <path d="M0 0v5" stroke="var(--line-2)" />
          </pattern>
        </defs>
        <text x="32" y="12" fontSize="12" fontWeight="600">
          {name}
        </text>
        <text x="72" y="12" fontSize="12" className="ink3t">
          size {count(table.size)}, used {count(table.used)}
        </text>
        {table.buckets.map((b, i) => {
          const y = 20 + i * ROW
          const gone = b.index < moved
          return (
            <g key={b.index}>
              {b.index === next && (
                <rect x="0" y={y - 2} width={widest} height={ROW} rx="3" fill="var(--migrating-t)" />
              )}
              <text className="m ink3t" x="26" y={y + 16} fontSize="11" textAnchor="end">
                {b.index}
              </text>
              <rect
                x="32"
                y={y}
                width="24"
                height="24"
                fill={gone ? `url(#hx${name.charCodeAt(3)})` : b.keys.length > 0 ? 'var(--bg-sel)' : 'var(--bg-panel)'}
                stroke="var(--line-3)"
                strokeDasharray={gone ? '2 2' : undefined}
              />
              <Chain keys={b.keys} y={y} chosen={chosen} />
            </g>
          )
        })}
      </svg>
      {table.size > table.buckets.length && (
        <p className="cap">
          First {table.buckets.length} of {count(table.size)} buckets.
        </p>
      )}
    </div>
  )
}

function Chain({ keys, y, chosen }: { keys: readonly string[]; y: number; chosen: string }) {
  let x = 68
  return keys.map((k) => {
    const text = showBytes(k, 18)
    const w = text.length * LETTER + 10
    const at = x
    x += w + 12
    const on = k === chosen
    return (
      <g key={k}>
        <path d={`M${at - 10} ${y + 12}h10m-4-3 4 3-4 3`} fill="none" stroke="var(--ink-3)" />
        <rect
          x={at}
          y={y + 2}
          width={w}
          height="20"
          rx="3"
          fill={on ? 'var(--inv)' : 'var(--bg-raised)'}
          stroke={on ? 'var(--inv)' : 'var(--line-3)'}
        />
        <text className="m" x={at + 5} y={y + 16} fontSize="11" style={on ? { fill: 'var(--inv-ink)' } : undefined}>
          {text}
        </text>
      </g>
    )
  })
}
