/** One slot on its way from its owner to another node: the literal commands, one at a time or all, and where its keys are. */
import { useEffect, useState } from 'react'
import { fault } from '../actions.ts'
import { count } from '../format.ts'
import { useLab } from '../store.ts'
import { typeInto } from '../structures/Cli.tsx'
import { showBytes } from '../bytes.ts'
import { Icon } from '../parts/icons.tsx'
import { useSlotChoice } from './choice.ts'
import { type ClusterPicture, type Member, SLOTS, type SlotData, useViews } from './data.ts'
import { OwnerMark } from './owners.tsx'
import { Payload } from './Payload.tsx'
import { BATCH, nextStep, progressOf, type Side, stepsOf } from './reshard-plan.ts'

const sideOf = (m: Member): Side => ({ name: m.name, id: m.id, ip: m.seen?.ip ?? '', port: m.seen?.port ?? 0 })
/** While all of a slot is moved at once, a step that changes nothing for so long ends it. */
const STUCK_MS = 4000

export function Reshard({ picture }: { picture: ClusterPicture }) {
  const slot = useSlotChoice((s) => s.slot)
  const [target, setTarget] = useState('')
  const [wrongOrder, setWrongOrder] = useState(false)
  const [all, setAll] = useState(false)
  const [batch, setBatch] = useState(BATCH)
  const range = useSlotChoice((s) => s.range)
  const cuts = useLab((s) => s.state?.cuts)
  const boxes = useLab((s) => s.session?.scenario.topology.processes) ?? []
  // The move goes on from the node that had the slot when it was chosen.
  const [from, setFrom] = useState<{ slot: number; name: string } | null>(null)
  const masters = picture.members.filter((m) => m.seen?.flags.includes('master') === true && m.says !== null)
  const ownerId = picture.view.owners.find(([a, b]) => slot >= a && slot <= b)?.[2] ?? ''
  const owner = masters.find((m) => m.id === ownerId)
  const source = (from?.slot === slot ? masters.find((m) => m.name === from.name) : owner) ?? owner
  const open = masters.find((m) => m.says?.importing.some(([s]) => s === slot))
  const others = masters.filter((m) => m !== source)
  const to = others.find((m) => m.name === target) ?? (open !== source ? open : undefined) ?? others[0]
  const views = useViews(source && to ? [source.name, to.name] : [], 'slot', [String(slot)])
  const here = (source ? (views[source.name] ?? null) : null) as SlotData | null
  const there = (to ? (views[to.name] ?? null) : null) as SlotData | null
  const steps = source && to ? stepsOf(slot, sideOf(source), sideOf(to), here, there, wrongOrder, batch) : []
  const next = here === null || there === null ? -1 : nextStep(steps)
  const step = steps[next]
  const runner = step?.on === 'target' ? to : source
  const run = () => {
    if (!step || !runner || !source) return
    if (from?.slot !== slot) setFrom({ slot, name: source.name })
    // Keys are listed for a person to read; what moves them is the next command.
    const lines = step.command.startsWith('CLUSTER GETKEYSINSLOT')
      ? [step.command, steps[next + 1]?.command ?? '']
      : [step.command]
    typeInto(runner.name, lines)
  }
  const signature = `${next} ${step?.command}`
  const loading = here === null || there === null
  const progress = range && to ? progressOf(picture.view.owners, range, to.id) : null
  // biome-ignore lint/correctness/useExhaustiveDependencies: one command for each state of the slot
  useEffect(() => {
    if (!all) return
    if (loading) {
      const timer = setTimeout(() => setAll(false), STUCK_MS)
      return () => clearTimeout(timer)
    }
    if (next === -1) {
      const further = progress?.first ?? null
      if (further === null || further === slot) {
        if (further === null) setAll(false)
        return
      }
      useSlotChoice.setState({ slot: further })
      return
    }
    run()
    const timer = setTimeout(() => setAll(false), STUCK_MS)
    return () => clearTimeout(timer)
  }, [all, signature, loading, slot, progress?.first])
  if (!source || !to)
    return (
      <div className="say small">
        {masters.length < 2
          ? 'Two masters are needed to move a slot between.'
          : `Nobody has slot ${slot}: CLUSTER ADDSLOTS ${slot}.`}
      </div>
    )
  const over = next === -1 && here !== null && there !== null
  const boxOf = (m: Member): string => boxes.find((p) => p.name === m.name)?.box ?? ''
  const cut = cuts?.find(
    (c) =>
      [c.groupA, c.groupB].every((g) => g.length === 1) &&
      [boxOf(source), boxOf(to)].every((b) => c.groupA[0] === b || c.groupB[0] === b),
  )
  const start = () => {
    // The target stays who it is while slots change hands.
    setTarget(to.name)
    if (
      !all &&
      progress?.first != null &&
      (next === -1 || slot < (range as readonly [number, number])[0] || slot > (range as readonly [number, number])[1])
    )
      useSlotChoice.setState({ slot: progress.first })
    setAll(!all)
  }
  const look = (m: Member) => picture.ownerIndex.get(m.id) ?? 3
  return (
    <div className="reshard">
      <div className="reshard-pick">
        {range ? (
          <span className="range-in">
            <SlotField label="First slot" value={range[0]} set={(n) => [Math.min(n, range[1]), range[1]]} />
            to
            <SlotField label="Last slot" value={range[1]} set={(n) => [range[0], Math.max(n, range[0])]} />
          </span>
        ) : (
          <span>
            slot <b className="mono">{slot}</b>
          </span>
        )}
        <span className="own">
          <OwnerMark i={look(source)} />
          {source.name}
        </span>
        <span className="ink3">to</span>
        <select className="field" aria-label="Target" value={to.name} onChange={(e) => setTarget(e.target.value)}>
          {others.map((m) => (
            <option key={m.name} value={m.name}>
              {m.name}
            </option>
          ))}
        </select>
        <label className="batch">
          <span className="ink3">by</span>
          <select
            className="field"
            aria-label="Keys of one MIGRATE"
            value={batch}
            onChange={(e) => setBatch(Number(e.target.value))}
          >
            {[1, 10, 100].map((n) => (
              <option key={n}>{n}</option>
            ))}
          </select>
        </label>
        <label className="check" title="MIGRATING before IMPORTING: the source says ASK, the target says MOVED">
          <input type="checkbox" checked={wrongOrder} onChange={(e) => setWrongOrder(e.target.checked)} />
          wrong order
        </label>
      </div>
      <ol className="steps">
        {steps.map((s, i) => {
          const m = s.on === 'target' ? to : source
          const state = s.done ? 'd' : i === next ? 'now' : 'todo'
          return (
            <li
              className={`stp ${state}`}
              key={`${s.on}${s.command.slice(0, 30)}`}
              aria-current={i === next ? 'step' : undefined}
            >
              <span className="n">{s.done ? <Icon name="check" size={10} /> : i + 1}</span>
              <span className="on">
                <OwnerMark i={look(m)} />
                {m.name}
              </span>
              <div>
                <code title={s.command}>{s.command}</code>
                {i === 3 && (here?.count ?? 0) + (there?.count ?? 0) > 0 && (
                  <Shelf here={here} there={there} from={look(source)} to={look(to)} />
                )}
                {i === 3 && (here?.count ?? 0) > 0 && <Payload source={source.name} slot={slot} />}
                {(i === next || (i === 2 && next === 3)) && <small>{s.note}</small>}
              </div>
            </li>
          )
        })}
      </ol>
      <div className="row">
        <button
          type="button"
          className="btn p"
          disabled={over || step === undefined || all}
          onClick={run}
          data-testid="next-command"
        >
          <Icon name="stepf" />
          Next command
        </button>
        <button
          type="button"
          className="btn"
          disabled={!all && (progress ? progress.first === null : over || step === undefined)}
          onClick={start}
          data-testid="finish-slot"
        >
          {all ? 'Stop' : progress ? `Move all ${count(progress.of)}` : 'Finish slot'}
        </button>
        <button
          type="button"
          className="btn q"
          title={`Cut the link between ${source.name} and ${to.name}, as in the middle of a batch; again heals it`}
          onClick={() =>
            cut
              ? fault({ type: 'heal', cut: cut.id })
              : fault({ type: 'cut', groupA: [boxOf(source)], groupB: [boxOf(to)] })
          }
        >
          {cut ? 'Heal link' : 'Break link'}
        </button>
        {progress && (
          <span className="mono progress" data-testid="range-progress">
            {count(progress.done)} of {count(progress.of)}
          </span>
        )}
        {(here?.migratingTo != null || there?.importingFrom != null) && (
          <button
            type="button"
            className="btn q"
            onClick={() => {
              setAll(false)
              for (const m of [source, to]) typeInto(m.name, [`CLUSTER SETSLOT ${slot} STABLE`])
            }}
          >
            Abort: STABLE
          </button>
        )}
        {over && !progress && <span className="ink2">The slot is {to.name}'s.</span>}
      </div>
    </div>
  )
}

function SlotField(props: { label: string; value: number; set: (n: number) => readonly [number, number] }) {
  return (
    <input
      className="field mono"
      type="number"
      min={0}
      max={SLOTS - 1}
      aria-label={props.label}
      value={props.value}
      onChange={(e) => {
        const range = props.set(Math.max(0, Math.min(SLOTS - 1, Number(e.target.value) || 0)))
        useSlotChoice.setState({ range, slot: range[0] })
      }}
    />
  )
}

const CARDS = 200
/** The slot's keys: on the source, and already on the target. */
function Shelf(props: { here: SlotData | null; there: SlotData | null; from: number; to: number }) {
  const { here, there, from, to } = props
  const [a, b] = [there?.count ?? 0, here?.count ?? 0]
  return (
    <>
      <div className="shelf" role="img" aria-label={`${a} keys on the target, ${b} on the source`}>
        {(there?.keys ?? []).slice(0, CARDS).map((k) => (
          <i key={`t${k.key}`} title={showBytes(k.key, 40)}>
            <OwnerMark i={to} size={12} />
          </i>
        ))}
        {(here?.keys ?? []).slice(0, CARDS).map((k) => (
          <i key={`s${k.key}`} title={showBytes(k.key, 40)}>
            <OwnerMark i={from} size={12} />
          </i>
        ))}
      </div>
      <small>
        {a} moved, {b} to go{a + b > 2 * CARDS ? `; ${CARDS} of each are drawn` : ''}
      </small>
    </>
  )
}
