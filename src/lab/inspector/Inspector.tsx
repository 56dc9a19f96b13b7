/** Everything about the selected process: opinions first, then what is at stake, then facts. */
import { useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { ProcessStatus } from '../../browser/session.ts'
import { copyText, openTerminal, processFault } from '../actions.ts'
import { count, safeText, waitText } from '../format.ts'
import { RoleMark, stateTag, Tag } from '../parts/glyphs.tsx'
import { Icon } from '../parts/icons.tsx'
import { Tabs } from '../parts/Tabs.tsx'
import { useNarrow } from '../parts/use-narrow.ts'
import { useView } from '../parts/use-view.ts'
import { type InspectorTab, lab, useLab, useProcess } from '../store.ts'
import { ProcessLog } from '../terminal/LogPane.tsx'
import { addressOf, downWords, isCluster, nameOfId, roleOf, specOf, watchesOf } from '../world-facts.ts'
import { Facts, infoSections, Pair } from './Facts.tsx'
import { KeysTab } from './KeysTab.tsx'

const tabs: readonly InspectorTab[] = ['State', 'Keys', 'Replication', 'Config', 'Log']

export function Inspector() {
  const narrow = useNarrow()
  const selected = useLab((s) => s.selected)
  if (narrow) return null
  return (
    <aside className="panel rp" id="inspector" aria-label={`Inspector: ${selected || 'nothing selected'}`}>
      <div className="ph">
        <InspectorHead />
      </div>
      <InspectorBody />
    </aside>
  )
}

export function InspectorHead() {
  const [scenario, selected] = useLab(useShallow((s) => [s.session?.scenario, s.selected] as const))
  const status = useProcess(selected)
  if (!scenario || !selected) return <span className="ink3">Nothing selected</span>
  const role = roleOf(specOf(scenario, selected), status)
  return (
    <>
      <RoleMark role={role} size={18} />
      <span>{role === 'sentinel' ? 'sentinel' : role}</span>
      <span className="mono ink2">{addressOf(scenario, selected)}</span>
      <span className="sp" />
      <button
        type="button"
        className="btn q ic"
        aria-label={`Menu of ${selected}`}
        aria-haspopup="menu"
        title="Faults and more (M)"
        onClick={(e) => {
          const r = e.currentTarget.getBoundingClientRect()
          lab.set({ menu: { process: selected, x: r.right - 200, y: r.bottom + 4 } })
        }}
      >
        <Icon name="more" />
      </button>
    </>
  )
}

export function InspectorBody() {
  const [selected, tab] = useLab(useShallow((s) => [s.selected, s.inspectorTab] as const))
  if (!selected) return <div className="say">Select a process on the canvas.</div>
  return (
    <>
      <Tabs label="Inspector" id="insp" names={tabs} value={tab} onChange={(t) => lab.set({ inspectorTab: t })} />
      <div
        className={`insp ${tab === 'Log' ? 'flush' : ''}`}
        role="tabpanel"
        id="insp-panel"
        aria-labelledby={`insp-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
      >
        {tab === 'State' && <StateTab process={selected} />}
        {tab === 'Keys' && <KeysTab process={selected} />}
        {tab === 'Replication' && <ViewTab process={selected} view="replication" />}
        {tab === 'Config' && <ConfigTab process={selected} />}
        {tab === 'Log' && <ProcessLog process={selected} />}
      </div>
    </>
  )
}

function StateTab({ process }: { process: string }) {
  const scenario = useLab((s) => s.session?.scenario)
  const processes = useLab((s) => s.state?.processes)
  const status = useProcess(process)
  if (!scenario || !processes) return <div className="say">Starting</div>
  const spec = specOf(scenario, process)
  return (
    <>
      {status?.crash != null && <CrashReport process={process} report={status.crash} />}
      <Opinions process={process} />
      <Election />
      <AtStake process={process} />
      {spec?.kind === 'sentinel' && <Watched process={process} />}
      <section aria-label="Process">
        <div className="h">Process</div>
        <div className="kv">
          <span>name</span>
          <span>{process}</span>
          <span>state</span>
          <span>
            {status?.state ?? 'starting'}
            {status?.exitCode != null ? `, exit code ${status.exitCode}` : ''}
          </span>
          <span>pid</span>
          <span>{status?.pid ?? ''}</span>
          {status?.summary?.offset !== undefined && (
            <>
              <span>replication offset</span>
              <span>{count(status.summary.offset)}</span>
            </>
          )}
          {status?.summary?.masterLink && (
            <>
              <span>link to the master</span>
              <span>{status.summary.masterLink}</span>
            </>
          )}
          {status?.summary?.epoch !== undefined && (
            <>
              <span>current epoch</span>
              <span>{status.summary.epoch}</span>
            </>
          )}
        </div>
      </section>
      <ViewTab process={process} view={spec?.kind === 'sentinel' ? 'sentinel' : 'state'} stopped={status?.state} />
    </>
  )
}

function Opinions({ process }: { process: string }) {
  const scenario = useLab((s) => s.session?.scenario)
  const processes = useLab((s) => s.state?.processes)
  if (!scenario || !processes) return null
  const watches = watchesOf(scenario, processes, process)
  const limit = watches.find((w) => w.opinion)?.opinion?.limitMicros
  if (watches.length === 0) return null
  return (
    <section aria-label="Who thinks it is down">
      <div className="h">
        Who thinks it is down
        <span className="sp" />
        {limit !== undefined && <span className="ink3 light">wait for PONG, limit {limit / 1e6} s</span>}
      </div>
      {watches
        .filter((w) => w.by !== process)
        .map(({ by, opinion }) => {
          const down = opinion?.odown ? 'odown' : opinion?.sdown ? 'sdown' : 'ok'
          const part = opinion ? Math.min(100, (opinion.waitMicros / Math.max(1, opinion.limitMicros)) * 80) : 0
          const color = down === 'odown' ? '--down' : down === 'sdown' || part > 44 ? '--suspect' : '--line-3'
          return (
            <div className="op" key={by}>
              <span className={`role ${isCluster(scenario) ? 'master' : 'sentinel'}`}>
                <RoleMark role={isCluster(scenario) ? 'master' : 'sentinel'} size={14} />
                <span className="ink">{by}</span>
              </span>
              <span className="bar">
                <i style={{ width: `${part}%`, background: `var(${color})` }} />
              </span>
              <span className="mono">{opinion ? waitText(opinion.waitMicros) : ''}</span>
              <span>
                {opinion ? (
                  <Tag mark={down} text={down === 'ok' ? 'up' : downWords(scenario)[down]} />
                ) : (
                  <span className="ink3">no opinion</span>
                )}
              </span>
            </div>
          )
        })}
    </section>
  )
}

function Election() {
  const processes = useLab((s) => s.state?.processes)
  const sentinels = (processes ?? []).filter((p) => p.summary?.role === 'sentinel')
  const epoch = Math.max(0, ...sentinels.map((p) => p.summary?.vote?.epoch ?? 0))
  if (!processes || epoch === 0) return null
  return (
    <section aria-label="Election">
      <div className="h">
        Election, epoch {epoch}
        <span className="sp" />
        <span className="ink3 light">
          needs {Math.floor(sentinels.length / 2) + 1} of {sentinels.length}
        </span>
      </div>
      <div className="votes">
        {sentinels.map((p) => {
          const vote = p.summary?.vote
          const now = vote && vote.epoch === epoch
          return (
            <div key={p.name}>
              {p.state !== 'running' ? `${p.name}` : now ? `${p.name} voted` : p.name}
              <b className={now ? 'sentinel cc' : 'ink3 light'}>
                {p.state !== 'running' ? p.state : now ? nameOfId(processes, vote.leader) : noVote(p, epoch)}
              </b>
            </div>
          )
        })}
      </div>
    </section>
  )
}

/** A Sentinel forgets whom it voted for once it follows the new master. */
const noVote = (p: ProcessStatus, epoch: number) => ((p.summary?.epoch ?? 0) >= epoch ? 'settled' : 'no vote yet')

/** Of a master: how far behind each replica is. Those bytes are lost if it dies now and that replica is promoted. */
function AtStake({ process }: { process: string }) {
  const processes = useLab((s) => s.state?.processes)
  const self = processes?.find((p) => p.name === process)
  if (!processes || self?.summary?.role !== 'master' || self.summary.offset === undefined) return null
  const { offset } = self.summary
  const { runid } = self.summary
  const replicas = processes.filter(
    ({ summary }) =>
      summary?.role === 'replica' &&
      summary.offset !== undefined &&
      (summary.cluster === undefined || summary.cluster.master === runid),
  )
  if (replicas.length === 0) return null
  return (
    <section aria-label="Not yet on the replicas">
      <div className="h">
        Not yet on the replicas
        <span className="sp" />
        <span className="ink3 light">offset {count(offset)}</span>
      </div>
      <div className="kv">
        {replicas.map((p) => {
          const behind = offset - (p.summary?.offset ?? 0)
          const link = p.summary?.masterLink === 'down' ? ', link down' : ''
          return (
            <Pair key={p.name} k={p.name} v={`${behind > 0 ? `${count(behind)} bytes behind` : 'has all'}${link}`} />
          )
        })}
      </div>
    </section>
  )
}

function Watched({ process }: { process: string }) {
  const opinions = useProcess(process)?.summary?.opinions ?? []
  if (opinions.length === 0) return null
  return (
    <section aria-label="What it watches">
      <div className="h">What it watches</div>
      {opinions.map((o) => (
        <div className="op" key={`${o.kind}${o.about}`}>
          <span className="about mono">{safeText(o.about, 24)}</span>
          <span className="mono">{waitText(o.waitMicros)}</span>
          <span>
            <Tag
              mark={o.odown ? 'odown' : o.sdown ? 'sdown' : 'ok'}
              text={o.odown ? 'ODOWN' : o.sdown ? 'SDOWN' : 'up'}
            />
          </span>
        </div>
      ))}
      {opinions.map(
        (o) =>
          o.failoverState !== null &&
          o.failoverState !== 'none' && (
            <div className="cap" key={`f${o.about}`}>
              failover state: {o.failoverState}
            </div>
          ),
      )}
    </section>
  )
}

function ViewTab({ process, view, stopped }: { process: string; view: string; stopped?: string | undefined }) {
  const data = useView(process, view)
  const status = useProcess(process)
  if (data === null || (status && status.state !== 'running' && status.state !== 'paused')) {
    const tag = status ? stateTag(status.state) : null
    return (
      <div className="say small">
        {status?.state === 'crashed'
          ? `${process} stopped by an engine error.`
          : tag || stopped !== 'running'
            ? `${process} is ${tag?.text ?? stopped ?? 'not running'}.`
            : `${process} says nothing more about its ${view}.`}
        {status && status.state !== 'running' && status.state !== 'paused' && (
          <button type="button" className="btn" onClick={() => processFault('restart', process)}>
            <Icon name="restart" />
            Restart {process}
          </button>
        )}
      </div>
    )
  }
  if (data === undefined) return <div className="say small">Asking {process}</div>
  return <Facts data={view === 'state' ? stateFacts(data) : data} name={view} />
}

/** Of all INFO says, what belongs at first sight. */
function stateFacts(data: unknown): unknown {
  const info = (data as { info?: unknown } | null)?.info
  if (typeof info !== 'string') return data
  const all = infoSections(info)
  const wanted: Record<string, readonly string[]> = {
    Server: ['redis_version', 'run_id', 'uptime_in_seconds', 'executable', 'config_file'],
    Clients: ['connected_clients', 'blocked_clients'],
    Memory: ['used_memory_human', 'maxmemory_policy'],
    Stats: [
      'total_connections_received',
      'total_commands_processed',
      'expired_keys',
      'keyspace_hits',
      'keyspace_misses',
    ],
  }
  const out: Record<string, Record<string, string>> = {}
  for (const [section, fields] of Object.entries(wanted)) {
    const found = fields.flatMap((f) => (all[section]?.[f] === undefined ? [] : [[f, all[section][f]] as const]))
    if (found.length > 0) out[section] = Object.fromEntries(found)
  }
  if (all.Keyspace && Object.keys(all.Keyspace).length > 0) out.Keyspace = all.Keyspace
  return out
}

function ConfigTab({ process }: { process: string }) {
  const [find, setFind] = useState('')
  const data = useView(process, 'config')
  if (data === undefined) return <div className="say small">Asking {process}</div>
  if (data === null) return <ViewTab process={process} view="config" />
  return (
    <>
      <input
        className="field wide"
        type="search"
        aria-label="Find a directive"
        placeholder="Find a directive"
        value={find}
        onChange={(e) => setFind(e.target.value)}
      />
      <Facts data={data} name="config" find={find.trim().toLowerCase()} />
      <p className="cap">
        Change one with CONFIG SET in{' '}
        <button type="button" className="link" onClick={() => openTerminal(process)}>
          redis-cli
        </button>
        .
      </p>
    </>
  )
}

/** A stack with its lines, and nothing in it that could hide or reorder. */
const safeReport = (report: string) =>
  report
    .slice(0, 4000)
    .split('\n')
    .map((line) => safeText(line, 400))
    .join('\n')

function CrashReport({ process, report }: { process: string; report: string }) {
  return (
    <section className="crash" role="alert" aria-label={`Engine error in ${process}`}>
      <div className="h">
        <Tag mark="odown" text="engine error" />
        <span className="sp" />
        <button type="button" className="btn small" onClick={() => void copyText(report, 'Report')}>
          <Icon name="copy" size={12} />
          Copy the report
        </button>
      </div>
      <p className="cap">
        {process} stopped by a fault of this engine, not of Redis. The other processes go on; restart it to have it
        back.
      </p>
      <pre>{safeReport(report)}</pre>
    </section>
  )
}
