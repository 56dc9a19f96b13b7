/** The Slots screen: who owns which of the 16384 slots, who believes what, and a slot on its way. */
import { useMemo, useState } from 'react'
import { EPOCH_MS } from '../../world/index.ts'
import { utf8Encode } from '../../engine/bytes/bytes.ts'
import { keyHashSlot } from '../../engine/bytes/crc16.ts'
import '../styles/slots.css'
import { count, seconds } from '../format.ts'
import { Tabs } from '../parts/Tabs.tsx'
import { useNarrow } from '../parts/use-narrow.ts'
import { openScenario } from '../scenarios.ts'
import { useLab } from '../store.ts'
import { Bits } from './Bits.tsx'
import { type Layout, type Mode, useSlotChoice } from './choice.ts'
import { Clients } from './Clients.tsx'
import { type ClusterPicture, mostOf, SLOTS, useCluster, useSlotKeys } from './data.ts'
import { Dock } from './Dock.tsx'
import { LastOnTheBus } from './Bus.tsx'
import { Epochs, useEpochs } from './Epochs.tsx'
import { Gossip, useAbout } from './Gossip.tsx'
import { KeyChain } from './KeyChain.tsx'
import { Lens } from './Lens.tsx'
import { Nodes } from './Nodes.tsx'
import { type Claim, pictureBefore } from './past.ts'
import { Partition } from './partition/Partition.tsx'
import { Moves } from './Moves.tsx'
import { RangeTable, SlotMap, slotText } from './SlotMap.tsx'

const SCREENS = ['Slots', 'Epochs', 'Clients', 'Partitioning'] as const

export function Slots() {
  const [chosen, setScreen] = useState<(typeof SCREENS)[number] | null>(null)
  const id = useLab((s) => s.session?.scenario.id ?? '')
  const asked = id.startsWith('shard') || location.hash === '#partitioning'
  const screen = chosen ?? (asked ? 'Partitioning' : 'Slots')
  const tabs = <Tabs label="Slots" names={SCREENS} value={screen} onChange={setScreen} id="slots" />
  const board = screen === 'Slots' && id.startsWith('cluster')
  return (
    <div className={`slots-stage ${board ? 'whole' : ''}`}>
      {!board && tabs}
      <div className="slots-screen" role="tabpanel" id="slots-panel" aria-labelledby={`slots-${screen}`}>
        {screen === 'Partitioning' ? (
          <Partition />
        ) : board ? (
          <Board tabs={tabs} />
        ) : id.startsWith('cluster') ? (
          <OfCluster screen={screen} />
        ) : (
          <NoCluster />
        )}
      </div>
    </div>
  )
}

function OfCluster({ screen }: { screen: string }) {
  const picture = useCluster(useSlotChoice((s) => s.observer))
  if (picture === null) return <div className="say">No node runs. Start one on the canvas (R).</div>
  return screen === 'Epochs' ? <Epochs picture={picture} /> : <Clients picture={picture} />
}

function NoCluster() {
  return (
    <div className="say">
      <p>The servers of this deployment are in no cluster, so no slot has an owner.</p>
      <button type="button" className="btn" onClick={() => openScenario('cluster')}>
        Open a cluster of six
      </button>
    </div>
  )
}

const PARTS = ['Map', 'Reshard', 'Gossip', 'Terminal'] as const

function Board({ tabs }: { tabs: React.ReactNode }) {
  const observer = useSlotChoice((s) => s.observer)
  const picture = useCluster(observer)
  const keys = useSlotKeys(picture)
  const narrow = useNarrow()
  const [part, setPart] = useState<(typeof PARTS)[number]>('Map')
  if (picture === null) return <div className="say">No node runs. Start one on the canvas (R).</div>
  const dock = <Dock picture={picture} />
  if (narrow)
    return (
      <div className="slots-narrow">
        {tabs}
        <Tabs label="Parts" names={PARTS} value={part} onChange={setPart} id="slots-part" />
        <div role="tabpanel" id="slots-part-panel" aria-labelledby={`slots-part-${part}`}>
          {part === 'Map' && <MapPanel picture={picture} keys={keys} tabs={null} />}
          {part === 'Reshard' && (
            <section className="panel" aria-label="Reshard">
              <Moves picture={picture} />
            </section>
          )}
          {part === 'Gossip' && (
            <div className="pad">
              <Gossip picture={picture} />
              <Nodes picture={picture} />
              <About picture={picture} />
            </div>
          )}
          {part === 'Terminal' && dock}
        </div>
      </div>
    )
  return (
    <div className="slots-board">
      <MapPanel picture={picture} keys={keys} tabs={tabs} />
      <div className="slots-col">
        <section className="panel" aria-label="Reshard">
          <Moves picture={picture} />
        </section>
        {dock}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="slots-col scroll" tabIndex={0} role="region" aria-label="Gossip and nodes">
        <section className="panel" aria-label="Gossip">
          <div className="ph">
            Gossip
            <span className="ink3 light">row: who says it; column: about whom</span>
          </div>
          <div className="pad">
            <Gossip picture={picture} />
          </div>
        </section>
        <section className="panel" aria-label="Nodes">
          <div className="ph">
            Nodes
            <span className="sp" />
            <Coverage picture={picture} />
          </div>
          <div className="pad">
            <Nodes picture={picture} />
            <About picture={picture} />
          </div>
        </section>
      </div>
    </div>
  )
}

/** Of the node that the gossip is looked through for, or who is suspected, or the last. */
function About({ picture }: { picture: ClusterPicture }) {
  const about = useAbout(picture) ?? picture.members[picture.members.length - 1]
  return about === undefined ? null : <LastOnTheBus picture={picture} about={about.name} />
}

function Coverage({ picture }: { picture: ClusterPicture }) {
  const covered = picture.view.owners.reduce((n, [a, b, id]) => n + (id === '' ? 0 : b - a + 1), 0)
  return (
    <span className={`light ${picture.view.state === 'ok' ? 'ink3' : 'warn'}`} data-testid="cluster-state">
      cluster_state {picture.view.state}, {count(covered)} covered
    </span>
  )
}

/** Changes of owners that the observer remembers, oldest first. */
function useClaims(picture: ClusterPicture): readonly Claim[] {
  const data = useEpochs(picture).find((l) => l.name === picture.observer)?.data
  const changes = data?.changes
  return useMemo(() => (changes ?? []).filter((c): c is Claim => c.kind === 'claim'), [changes])
}

function MapPanel(props: { picture: ClusterPicture; keys: Uint32Array; tabs: React.ReactNode }) {
  const { keys, tabs } = props
  const [back, setBack] = useState(0)
  const claims = useClaims(props.picture)
  const ago = Math.min(back, claims.length)
  const picture = useMemo(
    () => (ago === 0 ? props.picture : pictureBefore(props.picture, claims, ago)),
    [props.picture, claims, ago],
  )
  const { mode, layout, observer, key, slot } = useSlotChoice()
  const other = useSlotKeys(mode === 'heat' || mode === 'bytes' ? picture : null, mode)
  const shades = mode === 'heat' || mode === 'bytes' ? other : keys
  const most = mostOf(shades)
  const owned = picture.view.owners.some(([, , id]) => id !== '')
  return (
    <section className="panel slots-map" aria-label="Hash slots">
      <div className="ph">
        {tabs}
        <span className="sp" />
        <select
          className="field"
          aria-label="Whose view of the slots"
          value={observer}
          onChange={(e) => useSlotChoice.setState({ observer: e.target.value })}
        >
          <option value="">by {picture.observer}</option>
          {picture.members
            .filter((m) => m.says !== null)
            .map((m) => (
              <option key={m.name} value={m.name}>
                by {m.name}
              </option>
            ))}
        </select>
        <select
          className="field"
          aria-label="What is shaded"
          value={mode}
          onChange={(e) => useSlotChoice.setState({ mode: e.target.value as Mode })}
        >
          <option value="keys">keys</option>
          <option value="heat">heat</option>
          <option value="bytes">bytes</option>
          <option value="owner">owner</option>
        </select>
        <select
          className="field"
          aria-label="How the slots are laid out"
          value={layout}
          onChange={(e) => useSlotChoice.setState({ layout: e.target.value as Layout })}
        >
          <option value="rows">rows</option>
          <option value="hilbert">Hilbert</option>
          <option value="table">table</option>
          <option value="bits">bitmap</option>
        </select>
      </div>
      {claims.length > 0 && (
        <label className="slots-past">
          <span>
            {ago === 0
              ? 'Owners now'
              : `Owners before ${seconds((claims[claims.length - ago]?.at ?? 0) - EPOCH_MS * 1000)}`}
          </span>
          <input
            type="range"
            min={0}
            max={claims.length}
            value={claims.length - ago}
            aria-valuetext={ago === 0 ? 'now' : `before the last ${ago} changes`}
            data-testid="owners-past"
            onChange={(e) => setBack(claims.length - Number(e.target.value))}
          />
        </label>
      )}
      {picture.disputed.size > 0 && (
        <p className="slots-note" role="status">
          The nodes disagree about {count(picture.disputed.size)} slots: gossip has not reached all yet.
        </p>
      )}
      {!owned && (
        <p className="slots-note" role="status">
          No slot has an owner: <span className="mono">CLUSTER ADDSLOTSRANGE 0 16383</span>, or redis-cli --cluster
          create.
        </p>
      )}
      {layout === 'table' ? (
        <RangeTable picture={picture} keys={keys} />
      ) : layout === 'bits' ? (
        <Bits picture={picture} />
      ) : (
        <SlotMap picture={picture} keys={keys} shades={shades} />
      )}
      <div className="slots-lower">
        <Lens picture={picture} keys={shades}>
          <Legend most={most} mode={mode} />
        </Lens>
        <div className="calc">
          <div className="h">Which slot does a key live in?</div>
          <KeyChain
            value={key}
            onChange={(next) => useSlotChoice.setState({ key: next, slot: keyHashSlot(utf8Encode(next)) })}
          >
            <Answer picture={picture} keys={keys} slot={keyHashSlot(utf8Encode(key))} />
          </KeyChain>
        </div>
      </div>
      <span className="sr" aria-live="polite">
        {slotText(picture, keys, Math.min(SLOTS - 1, slot))}
      </span>
    </section>
  )
}

/** Who has the slot, and what the observer would answer for a key in it. */
function Answer({ picture, keys, slot }: { picture: ClusterPicture; keys: Uint32Array; slot: number }) {
  const owner = picture.view.owners.find(([a, b]) => slot >= a && slot <= b)?.[2] ?? ''
  const node = picture.view.nodes.find((n) => n.id === owner)
  const to = picture.view.migrating.find(([s]) => s === slot)?.[1]
  const reply =
    picture.view.state === 'fail'
      ? '-CLUSTERDOWN'
      : owner === ''
        ? '-CLUSTERDOWN Hash slot not served'
        : owner === picture.view.id
          ? to
            ? `here, or -ASK ${slot} when gone`
            : 'served here'
          : `-MOVED ${slot} ${node?.ip}:${node?.port}`
  return (
    <>
      <div>
        <dt>owner per {picture.observer}</dt>
        <dd className="mono">
          {owner === '' ? 'nobody' : picture.nameOf(owner)}
          {to ? `, MIGRATING to ${picture.nameOf(to)}` : ''}, {count(keys[slot] ?? 0)} keys
        </dd>
      </div>
      <div>
        <dt>{picture.observer} answers</dt>
        <dd className={`mono ${reply.startsWith('-') ? 'warn' : ''}`} data-testid="slot-answer">
          {reply}
        </dd>
      </div>
    </>
  )
}

const SHADED: Readonly<Record<Mode, string>> = { keys: 'keys', heat: 'heat', bytes: 'bytes', owner: '' }
function Legend({ most, mode }: { most: number; mode: Mode }) {
  if (mode === 'owner') return null
  return (
    <span className="lg shades">
      <span>{SHADED[mode]}</span>
      <span className="mono">0</span>
      {[0, 1, 2].map((shade) => (
        <i key={shade} className={`sh${shade}`} />
      ))}
      <span className="mono">{count(Math.max(most, 1))}</span>
    </span>
  )
}
