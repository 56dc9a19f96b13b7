/** The partitioning playground: the same keys spread by modulo, by a ring and by slots; nodes come and go, and one sees what moves. */
import { useDeferredValue, useId, useMemo, useState } from 'react'
import { keyHashSlot } from '../../../engine/bytes/crc16.ts'
import { utf8Encode } from '../../../engine/bytes/bytes.ts'
import { count } from '../../format.ts'
import { Icon } from '../../parts/icons.tsx'
import { KeyChain } from '../KeyChain.tsx'
import { OwnerMark } from '../owners.tsx'
import { useLab } from '../../store.ts'
import { Run } from './Run.tsx'
import { Flows, ModuloPicture, RingPicture, SlotsPicture } from './pictures.tsx'
import {
  deviation,
  firstTable,
  hash32,
  Keys,
  makeKeys,
  moduloOwner,
  moves,
  type NodeSpec,
  type Plan,
  rebalance,
  ringOf,
  ringOwner,
  type SchemeName,
  SCHEMES,
} from './schemes.ts'

const KEYS = 10_000
const MOST_NODES = 9
const VNODES = [1, 2, 4, 8, 16, 40, 80, 160]
interface Story {
  readonly before: Plan
  readonly after: Plan
  /** Old numbers to new ones. */
  readonly renamed: readonly number[]
  /** What was done last, in words. */
  readonly what: string
  readonly next: number
}
const startNodes: readonly NodeSpec[] = [0, 1, 2, 3].map((i) => ({ name: `n${i}`, weight: 1 }))
const startPlan: Plan = { nodes: startNodes, vnodes: 40, table: firstTable(startNodes) }
const start: Story = { before: startPlan, after: startPlan, renamed: [0, 1, 2, 3], what: '', next: 4 }

const titles: Record<SchemeName, [string, string]> = {
  modulo: ['Modulo', 'hash mod N'],
  ring: ['Consistent hashing', 'the next point on the ring'],
  slots: ['Hash slots', 'CRC16 mod 16384, and a table'],
}

export function Partition() {
  const [story, setStory] = useState(start)
  const [found, setFound] = useState(false)
  const [key, setKey] = useState('cart:{user:1000}:items')
  const shown = useDeferredValue(story)
  // Where servers stand ready to be divided, running them comes first.
  const first = useLab((s) => s.session?.scenario.id.startsWith('shard') === true)
  const keys = useMemo(() => new Keys(makeKeys(KEYS)), [])
  const all = useMemo(
    () =>
      SCHEMES.map((scheme) => {
        const [before, after] = [keys.spread(scheme, shown.before), keys.spread(scheme, shown.after)]
        const { moved, flows } = moves(before, after, shown.renamed)
        return { scheme, before, after, moved, flows, spread: deviation(after.load, shown.after.nodes) }
      }),
    [keys, shown],
  )
  const { nodes, vnodes } = story.after
  const change = (next: readonly NodeSpec[], renamed: readonly number[], what: string, extra = 0) =>
    setStory({
      before: story.after,
      after: { ...story.after, nodes: next, table: rebalance(story.after.table, renamed, next) },
      renamed,
      what,
      next: story.next + extra,
    })
  const same = nodes.map((_, i) => i)
  return (
    <div className="parts">
      {first && <Run />}
      <div className="panel parts-tools">
        <span className="h">Nodes</span>
        <ul className="parts-nodes">
          {nodes.map((n, i) => (
            <li key={n.name}>
              <OwnerMark i={i} />
              <b className="mono">{n.name}</b>
              <label>
                <span className="sr">Weight of {n.name}</span>
                <select
                  className="field"
                  value={n.weight}
                  title="Share beside the others: ring and slots only"
                  onChange={(e) =>
                    change(
                      nodes.map((m, j) => (j === i ? { ...m, weight: Number(e.target.value) } : m)),
                      same,
                      `${n.name} has weight ${e.target.value}`,
                    )
                  }
                >
                  {[1, 2, 3, 4].map((w) => (
                    <option key={w} value={w}>
                      ×{w}
                    </option>
                  ))}
                </select>
              </label>
              <button
                type="button"
                className="btn q ic"
                aria-label={`Remove ${n.name}`}
                title={`Remove ${n.name}`}
                disabled={nodes.length <= 2}
                onClick={() =>
                  change(
                    nodes.filter((_, j) => j !== i),
                    same.map((j) => (j === i ? -1 : j > i ? j - 1 : j)),
                    `${n.name} is gone`,
                  )
                }
              >
                <Icon name="x" />
              </button>
            </li>
          ))}
        </ul>
        <button
          type="button"
          className="btn"
          disabled={nodes.length >= MOST_NODES}
          onClick={() => change([...nodes, { name: `n${story.next}`, weight: 1 }], same, `n${story.next} was added`, 1)}
        >
          <Icon name="plus" />
          Add a node
        </button>
        <label className="knob">
          <span>Virtual nodes</span>
          <input
            type="range"
            min={0}
            max={VNODES.length - 1}
            value={VNODES.indexOf(vnodes)}
            aria-valuetext={`${vnodes} for each node`}
            onChange={(e) => {
              const points = VNODES[Number(e.target.value)] ?? 1
              setStory({
                ...story,
                before: story.after,
                after: { ...story.after, vnodes: points },
                renamed: same,
                what: `${points} points for each node`,
              })
            }}
          />
          <output className="mono">{vnodes}</output>
        </label>
        <label className="check">
          <input type="checkbox" checked={found} onChange={(e) => setFound(e.target.checked)} />
          Is the data still found?
        </label>
        <span className="sp" />
        <span className="ink2" aria-live="polite">
          {story.what}
        </span>
        <button type="button" className="btn q" disabled={story === start} onClick={() => setStory(start)}>
          Start again
        </button>
      </div>
      <div className="parts-boards">
        {all.map(({ scheme, before, after, moved, flows, spread }) => (
          <section className="panel" key={scheme} aria-label={titles[scheme][0]} data-testid={`scheme-${scheme}`}>
            <div className="ph">
              {titles[scheme][0]}
              <span className="ink3 light">{titles[scheme][1]}</span>
              <span className="sp" />
              <span className="ink2 light">
                <b className="mono ink" data-testid={`moved-${scheme}`}>
                  {((moved / KEYS) * 100).toFixed(1)}%
                </b>{' '}
                moved
              </span>
            </div>
            <div className="pad">
              {scheme === 'modulo' ? (
                <ModuloPicture plan={shown.after} load={after.load} />
              ) : scheme === 'ring' ? (
                <RingPicture plan={shown.after} />
              ) : (
                <SlotsPicture before={shown.before} after={shown.after} renamed={shown.renamed} />
              )}
              <Flows
                before={shown.before.nodes.map((n) => n.name)}
                after={shown.after.nodes.map((n) => n.name)}
                renamed={shown.renamed}
                loadBefore={before.load}
                loadAfter={after.load}
                flows={flows}
              />
              <Loads plan={shown.after} load={after.load} spread={spread} />
              {found && <Found scheme={scheme} share={1 - moved / KEYS} />}
            </div>
          </section>
        ))}
      </div>
      <section className="panel parts-key" aria-label="One key">
        <div className="ph">One key, three ways</div>
        <div className="pad parts-two">
          <KeyChain value={key} onChange={setKey} bits />
          <Owners text={key} plan={story.after} />
        </div>
      </section>
      {!first && <Run />}
      <Summary rows={all.map((a) => [titles[a.scheme][0], a.moved, a.spread] as const)} />
    </div>
  )
}

/** Cache or store: what a read finds after the change, when nobody copies anything; Redis Cluster copies slot by slot. */
function Found({ scheme, share }: { scheme: SchemeName; share: number }) {
  const percent = `${(share * 100).toFixed(0)}%`
  return (
    <p className="cap">
      {scheme === 'slots' ? (
        <>
          <b>100%</b> found: a slot changes its owner only when its keys have been moved. Without MIGRATE it would be{' '}
          {percent}.
        </>
      ) : (
        <>
          <b>{percent}</b> found. The rest are misses: a cache fills again, a store has lost them.
        </>
      )}
    </p>
  )
}

function Loads({ plan, load, spread }: { plan: Plan; load: readonly number[]; spread: number }) {
  const most = Math.max(1, ...load)
  return (
    <div className="loads">
      {plan.nodes.map((n, i) => (
        <div key={n.name}>
          <span className="mono">{n.name}</span>
          <svg width="100%" height="10" preserveAspectRatio="none" aria-hidden="true">
            <rect width={`${((load[i] ?? 0) / most) * 100}%`} height="10" fill={`var(--n${(i % 3) + 1})`} />
          </svg>
          <span className="mono r">{count(load[i] ?? 0)}</span>
        </div>
      ))}
      <p className="cap">
        Standard deviation <b className="mono">{(spread * 100).toFixed(1)}%</b> of the mean load
      </p>
    </div>
  )
}

function Owners({ text, plan }: { text: string; plan: Plan }) {
  const hash = hash32(utf8Encode(text))
  const slot = keyHashSlot(utf8Encode(text))
  const n = plan.nodes.length
  const modulo = moduloOwner(hash, n)
  const ring = ringOwner(ringOf(plan.nodes, plan.vnodes), hash)
  const slots = plan.table[slot] as number
  const hex = `0x${hash.toString(16).padStart(8, '0')}`
  return (
    <table className="t">
      <tbody>
        <tr>
          <th scope="row">Modulo</th>
          <td className="mono">
            {hex} mod {n} = {modulo}
          </td>
          <OwnerCell i={modulo} plan={plan} />
        </tr>
        <tr>
          <th scope="row">Ring</th>
          <td className="mono">{hex}, next point</td>
          <OwnerCell i={ring} plan={plan} />
        </tr>
        <tr>
          <th scope="row">Slots</th>
          <td className="mono">table[{slot}]</td>
          <OwnerCell i={slots} plan={plan} />
        </tr>
      </tbody>
    </table>
  )
}
const OwnerCell = ({ i, plan }: { i: number; plan: Plan }) => (
  <td>
    <OwnerMark i={i} /> <b className="mono">{plan.nodes[i]?.name}</b>
  </td>
)

function Summary({ rows }: { rows: readonly (readonly [string, number, number])[] }) {
  const id = useId()
  return (
    <section className="sr" aria-labelledby={id}>
      <h2 id={id}>The schemes as a table</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Scheme</th>
            <th scope="col">Keys moved</th>
            <th scope="col">Standard deviation</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, moved, spread]) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{((moved / KEYS) * 100).toFixed(1)}%</td>
              <td>{(spread * 100).toFixed(1)}%</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
