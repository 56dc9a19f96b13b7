/** The Slots screen: who owns which of the 16384 slots, who believes what, and a slot on its way. */
import { useMemo, useState } from 'react'
import { utf8Encode } from '../../engine/bytes/bytes.ts'
import { keyHashSlot } from '../../engine/bytes/crc16.ts'
import '../styles/slots.css'
import { count } from '../format.ts'
import { Tabs } from '../parts/Tabs.tsx'
import { useNarrow } from '../parts/use-narrow.ts'
import { openScenario } from '../scenarios.ts'
import { useLab } from '../store.ts'
import { CliDock } from '../structures/Cli.tsx'
import { useSlotChoice } from './choice.ts'
import { Clients } from './Clients.tsx'
import { type ClusterPicture, SLOTS, useCluster, useSlotKeys } from './data.ts'
import { Gossip } from './Gossip.tsx'
import { KeyChain } from './KeyChain.tsx'
import { Lens } from './Lens.tsx'
import { Nodes } from './Nodes.tsx'
import { Partition } from './partition/Partition.tsx'
import { Reshard } from './Reshard.tsx'
import { RangeTable, SlotMap, slotText } from './SlotMap.tsx'

const SCREENS = ['Slots', 'Clients', 'Partitioning'] as const

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
          <ClientsScreen />
        ) : (
          <NoCluster />
        )}
      </div>
    </div>
  )
}

function ClientsScreen() {
  const picture = useCluster(useSlotChoice((s) => s.observer))
  return picture === null ? <div className="say">No node runs.</div> : <Clients picture={picture} />
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

const PARTS = ['Slots', 'Reshard', 'Gossip', 'Terminal'] as const

function Board({ tabs }: { tabs: React.ReactNode }) {
  const observer = useSlotChoice((s) => s.observer)
  const picture = useCluster(observer)
  const keys = useSlotKeys(picture)
  const narrow = useNarrow()
  const [part, setPart] = useState<(typeof PARTS)[number]>('Slots')
  if (picture === null) return <div className="say">No node runs. Start one on the canvas (R).</div>
  const dock = <CliDock process={picture.observer} />
  if (narrow)
    return (
      <div className="slots-narrow">
        {tabs}
        <Tabs label="Parts" names={PARTS} value={part} onChange={setPart} id="slots-part" />
        <div role="tabpanel" id="slots-part-panel" aria-labelledby={`slots-part-${part}`}>
          {part === 'Slots' && <MapPanel picture={picture} keys={keys} tabs={null} />}
          {part === 'Reshard' && (
            <div className="pad">
              <Reshard picture={picture} />
            </div>
          )}
          {part === 'Gossip' && (
            <div className="pad">
              <Gossip picture={picture} />
              <Nodes picture={picture} />
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
          <div className="ph">Reshard</div>
          <div className="pad">
            <Reshard picture={picture} />
          </div>
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
          </div>
        </section>
      </div>
    </div>
  )
}

function Coverage({ picture }: { picture: ClusterPicture }) {
  const covered = picture.view.owners.reduce((n, [a, b, id]) => n + (id === '' ? 0 : b - a + 1), 0)
  return (
    <span className={`light ${picture.view.state === 'ok' ? 'ink3' : 'warn'}`} data-testid="cluster-state">
      cluster_state {picture.view.state}, {count(covered)} covered
    </span>
  )
}

function MapPanel(props: { picture: ClusterPicture; keys: Uint32Array; tabs: React.ReactNode }) {
  const { picture, keys, tabs } = props
  const { mode, hilbert, observer, key, slot } = useSlotChoice()
  const [table, setTable] = useState(false)
  const most = useMemo(() => keys.reduce((a, b) => Math.max(a, b), 0), [keys])
  const owned = picture.view.owners.some(([, , id]) => id !== '')
  return (
    <section className="panel slots-map" aria-label="Hash slots">
      <div className="ph">
        {tabs}
        <select
          className="field"
          aria-label="Whose view of the slots"
          value={observer}
          onChange={(e) => useSlotChoice.setState({ observer: e.target.value })}
        >
          <option value="">{picture.observer}'s view</option>
          {picture.members
            .filter((m) => m.says !== null)
            .map((m) => (
              <option key={m.name} value={m.name}>
                {m.name}'s view
              </option>
            ))}
        </select>
        <span className="sp" />
        <Legend most={most} mode={mode} />
        <button
          type="button"
          className={`btn q small ${mode === 'owner' ? 'on' : ''}`}
          aria-pressed={mode === 'owner'}
          title="Colour by owner alone"
          onClick={() => useSlotChoice.setState({ mode: mode === 'owner' ? 'keys' : 'owner' })}
        >
          Owner
        </button>
        <button
          type="button"
          className={`btn q small ${hilbert ? 'on' : ''}`}
          aria-pressed={hilbert}
          title="Along a Hilbert curve: near in number is near on the map"
          onClick={() => useSlotChoice.setState({ hilbert: !hilbert })}
        >
          Hilbert
        </button>
        <button
          type="button"
          className={`btn q small ${table ? 'on' : ''}`}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          Table
        </button>
      </div>
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
      {table ? <RangeTable picture={picture} keys={keys} /> : <SlotMap picture={picture} keys={keys} />}
      <div className="slots-lower">
        <Lens picture={picture} keys={keys} />
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

function Legend({ most, mode }: { most: number; mode: string }) {
  if (mode === 'owner') return null
  return (
    <span className="lg hide-m">
      <span>keys</span>
      <span className="mono">0</span>
      {[0, 1, 2].map((shade) => (
        <i key={shade} className={`sh${shade}`} />
      ))}
      <span className="mono">{Math.max(most, 1)}</span>
    </span>
  )
}
