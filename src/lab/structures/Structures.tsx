/** The Structures screen: the keyspace and its keys as the engine holds them, live while commands run. */
import { useDeferredValue, useEffect, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import '../styles/structures.css'
import '../styles/structures-objects.css'
import '../styles/structures-server.css'
import { showBytes } from '../bytes.ts'
import { Tabs } from '../parts/Tabs.tsx'
import { useNarrow } from '../parts/use-narrow.ts'
import { useView } from '../parts/use-view.ts'
import { useLab } from '../store.ts'
import { keyOfPin, pinOf, SCREENS, type ScreenName, useChoice } from './choice.ts'
import { CliDock } from './Cli.tsx'
import { commandText, type KeyspaceData, plural, when } from './data.ts'
import { DictView, dictSummary, dictTable } from './DictView.tsx'
import { DictSteps } from './DictTools.tsx'
import { KeysPanel } from './KeyList.tsx'
import { ObjectPanes, PinnedPane } from './ObjectPane.tsx'
import { Failed, failureOf, Pane } from './Pane.tsx'
import { readKeys } from './shapes.ts'
import { EvictionSheet } from './EvictionSheet.tsx'
import { ExpirySheet } from './ExpirySheet.tsx'
import { LoopSheet } from './LoopSheet.tsx'
import { CommandsSheet } from './CommandsSheet.tsx'
import { MemorySheet } from './MemorySheet.tsx'
import { KeyspaceSheet } from './ServerSheets.tsx'
import { PubsubSheet } from './PubsubSheet.tsx'
import { TransactionsSheet } from './TransactionsSheet.tsx'
import { ScanLine } from './ScanLine.tsx'
import { Stopped } from './Stopped.tsx'

export function Structures() {
  const choice = useChoice()
  const selected = useLab((s) => s.selected)
  const narrow = useNarrow()
  const servers = useLab(
    useShallow((s) => s.session?.scenario.topology.processes.filter((p) => p.kind === 'server') ?? []),
  )
  const process = choice.process || (servers.some((p) => p.name === selected) ? selected : (servers[0]?.name ?? ''))
  return (
    <>
      {choice.key === '' && <FirstKey process={process} db={choice.db} />}
      <KeysPanel process={process} />
      <div className="stage">
        <Stopped process={process} />
        <Tabs
          label="Structures"
          names={SCREENS}
          value={choice.screen}
          onChange={(screen) => useChoice.setState({ screen })}
          id="screen"
        />
        <div className="screen" role="tabpanel" id="screen-panel" aria-labelledby={`screen-${choice.screen}`}>
          <Screen name={choice.screen} process={process} />
          {choice.screen !== 'Keys' && !narrow && <CliDock process={process} />}
        </div>
      </div>
    </>
  )
}

/** Nothing is chosen yet: the first key is. */
function FirstKey({ process, db }: { process: string; db: number }) {
  const first = readKeys(useView(process, 'keys', [String(db), '0', ''])).keys[0]?.name
  useEffect(() => {
    if (first !== undefined) useChoice.setState({ process, key: first })
  }, [first, process])
  return null
}

function Screen({ name, process }: { name: ScreenName; process: string }) {
  switch (name) {
    case 'Keyspace':
      return <KeyspaceSheet process={process} />
    case 'Memory':
      return <MemorySheet process={process} />
    case 'Expiry':
      return <ExpirySheet process={process} />
    case 'Eviction':
      return <EvictionSheet process={process} />
    case 'Event loop':
      return <LoopSheet process={process} />
    case 'Commands':
      return <CommandsSheet process={process} />
    case 'Transactions':
      return <TransactionsSheet process={process} />
    case 'Pub/Sub':
      return <PubsubSheet process={process} />
    default:
      return <KeysBoard process={process} />
  }
}

const PARTS = ['Key', 'Keyspace', 'Terminal'] as const

function KeysBoard({ process }: { process: string }) {
  const { db, key, pins } = useChoice()
  const narrow = useNarrow()
  const [part, setPart] = useState<(typeof PARTS)[number]>('Key')
  const here = pins.filter((p) => p.startsWith(pinOf(process, db, '')) && keyOfPin(p) !== key)
  const keyPanes = (
    <>
      <ObjectPanes process={process} db={db} name={key} />
      {here.length > 0 && (
        <div className="pins">
          {here.map((p) => (
            <PinnedPane key={p} process={process} db={db} name={keyOfPin(p)} />
          ))}
        </div>
      )}
    </>
  )
  if (narrow)
    return (
      <div className="board narrow">
        <Tabs label="Parts" names={PARTS} value={part} onChange={setPart} id="part" />
        <div className="part" role="tabpanel" id="part-panel" aria-labelledby={`part-${part}`}>
          {part === 'Key' && keyPanes}
          {part === 'Keyspace' && <KeyspacePane process={process} db={db} chosen={key} />}
          {part === 'Terminal' && <CliDock process={process} />}
        </div>
      </div>
    )
  return (
    <div className="board">
      <div className="col left">
        <KeyspacePane process={process} db={db} chosen={key} />
        <CliDock process={process} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="col right" tabIndex={0} role="region" aria-label="The key and what is pinned">
        {keyPanes}
      </div>
    </div>
  )
}

function KeyspacePane({ process, db, chosen }: { process: string; db: number; chosen: string }) {
  const [from, setFrom] = useState<number | null>(null)
  const rows = innerHeight >= 1000 ? 12 : innerHeight >= 780 ? 8 : 6
  // Deferred: a keyspace that changes as a whole with every look must not hold the page.
  const view = useDeferredValue(
    useView(process, 'dict', [String(db), from === null ? '' : String(from), chosen, String(rows)]),
  )
  const failed = failureOf(view)
  const data = (failed === null ? (view ?? null) : null) as KeyspaceData | null
  const dict = data?.dict
  const last = data?.last ?? null
  return (
    <Pane
      label="Keyspace dict"
      testid="keyspace"
      className="keyspace"
      title="dict"
      sub={`db${db} main table${dict && dict.rehashidx >= 0 ? ', rehashing' : ''}`}
      right={
        <span className="mono ink2" data-testid="rehashidx">
          rehashidx {dict?.rehashidx ?? -1}
        </span>
      }
      summary={dict?.tables[0] && dict.tables[0].size > 0 ? dictSummary(dict) : ''}
      table={dict ? dictTable(dict) : null}
    >
      <div className="grow">
        {dict?.tables[0] && dict.tables[0].size > 0 ? (
          <DictView
            dict={dict}
            chosen={chosen}
            visits={last ? [last.visit] : []}
            scan={data?.scan ?? null}
            wrote={last?.wrote === true}
            hash={data?.chosen ?? last?.visit}
            of={{ process, db }}
            onWindow={setFrom}
            following={from === null}
            onPick={(k) => useChoice.setState({ process, key: k, member: '' })}
          />
        ) : (
          <div className="say">
            {failed !== null && <Failed text={failed} />}
            {failed !== null
              ? ''
              : view === undefined
                ? `Asking ${process}`
                : view === null
                  ? `${process} is not running.`
                  : `db${db} is empty: no table is allocated. The first key makes one of 4 buckets.`}
          </div>
        )}
      </div>
      {dict && dict.size > 0 && (
        <DictSteps
          process={process}
          db={db}
          dict={dict}
          name={chosen}
          active={data?.activerehashing ?? true}
          tick={data?.tick}
        />
      )}
      {dict && dict.size > 0 && <ScanLine process={process} db={db} scan={data?.scan ?? null} />}
      {last && dict && dict.size > 0 && (
        <p className="cap lastline" data-testid="keyspace-last">
          <span className="tag2">Last command</span>{' '}
          <span className="mono ink">{commandText(last.argv, 40, last.more)}</span> at {when(last.at)}: hash{' '}
          <span className="mono">{last.visit.hash.toString(16).padStart(8, '0')}</span>,{' '}
          {last.visit.looked.map(([t, b]) => `ht[${t}] bucket ${b}`).join(', then ') || 'no table'}
          {`, ${last.visit.found ? 'found' : `no ${showBytes(last.key, 16)}`} after ${plural(
            last.visit.looked.reduce((n, l) => n + l[2], 0),
            'comparison',
          )}${last.wrote && last.visit.found ? `, written to ht[${last.visit.looked.at(-1)?.[0] ?? 0}]` : ''}.`}
        </p>
      )}
    </Pane>
  )
}
