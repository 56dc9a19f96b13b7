/** Beside the map: redis-cli, a node's log, the packets of the bus. */
import { Tabs } from '../parts/Tabs.tsx'
import { useLab } from '../store.ts'
import { ProcessLog } from '../terminal/LogPane.tsx'
import { CliPane, OpenCli } from '../terminal/Terminals.tsx'
import { addressOf } from '../world-facts.ts'
import { Bus } from './Bus.tsx'
import { type Dock as DockTab, useSlotChoice } from './choice.ts'
import type { ClusterPicture } from './data.ts'

const TABS: readonly DockTab[] = ['redis-cli', 'Log', 'Cluster bus']

export function Dock({ picture }: { picture: ClusterPicture }) {
  const dock = useSlotChoice((s) => s.dock)
  const log = useSlotChoice((s) => s.log)
  const process = picture.observer
  const tab = useLab((s) => s.tabs.find((t) => t.id === s.left && t.kind === 'cli'))
  const scenario = useLab((s) => s.session?.scenario)
  const of = log === '' ? process : log
  return (
    <section className="pane dock" aria-label="redis-cli, logs and the bus">
      <div className="ph">
        <Tabs
          label="Beside the map"
          names={TABS}
          value={dock}
          onChange={(next) => useSlotChoice.setState({ dock: next })}
          id="slots-dock"
        />
        {dock === 'redis-cli' && (
          <span className="sub mono hide-m">{tab && scenario ? addressOf(scenario, tab.process) : ''}</span>
        )}
        <span className="sp" />
        {dock === 'redis-cli' && <OpenCli process={process} />}
        {dock === 'Log' && (
          <select
            className="field"
            aria-label="Whose log"
            value={of}
            onChange={(e) => useSlotChoice.setState({ log: e.target.value })}
          >
            {picture.members.map((m) => (
              <option key={m.name} value={m.name}>
                {m.name} log
              </option>
            ))}
          </select>
        )}
      </div>
      <div
        className="dock-body"
        role="tabpanel"
        id="slots-dock-panel"
        aria-labelledby={`slots-dock-${dock.replace(' ', '-')}`}
      >
        {dock === 'redis-cli' && <CliPane />}
        {dock === 'Log' && <ProcessLog process={of} />}
        {dock === 'Cluster bus' && <Bus picture={picture} />}
      </div>
    </section>
  )
}
