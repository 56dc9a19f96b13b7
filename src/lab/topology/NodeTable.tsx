/** The canvas as tables: the same facts, for the keyboard and the ear. */
import { openTerminal, select } from '../actions.ts'
import { count, safeText, seconds } from '../format.ts'
import { packetText } from '../packet-text.ts'
import { RoleMark } from '../parts/glyphs.tsx'
import { lab, useLab } from '../store.ts'
import { addressOf, downWords, roleOf, watchesOf } from '../world-facts.ts'

export function NodeTable() {
  const scenario = useLab((s) => s.session?.scenario)
  const processes = useLab((s) => s.state?.processes)
  const packets = useLab((s) => s.state?.packets)
  const cuts = useLab((s) => s.state?.cuts)
  if (!scenario || !processes) return null
  const words = downWords(scenario)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div className="twin" tabIndex={0} role="region" aria-label="Processes as a table">
      <table className="t">
        <caption>Processes</caption>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">Role</th>
            <th scope="col">Address</th>
            <th scope="col">State</th>
            <th scope="col">Fact</th>
            <th scope="col">Opinions</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {scenario.topology.processes.map((spec) => {
            const status = processes.find((p) => p.name === spec.name)
            const role = roleOf(spec, status)
            const views = watchesOf(scenario, processes, spec.name).filter((w) => w.opinion)
            return (
              <tr key={spec.name}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => select(spec.name)}>
                    {spec.name}
                  </button>
                </th>
                <td>
                  <span className={`role ${role}`}>
                    <RoleMark role={role} size={14} />
                    {role}
                  </span>
                </td>
                <td className="mono">{addressOf(scenario, spec.name)}</td>
                <td>{status?.state ?? 'starting'}</td>
                <td>{safeText(status?.summary?.line ?? '', 60)}</td>
                <td>
                  {views
                    .map((w) => `${w.by}: ${w.opinion?.odown ? words.odown : w.opinion?.sdown ? words.sdown : 'up'}`)
                    .join(', ') || 'none'}
                </td>
                <td>
                  <button type="button" className="btn small" onClick={() => openTerminal(spec.name)}>
                    redis-cli
                  </button>{' '}
                  <button
                    type="button"
                    className="btn small"
                    aria-haspopup="menu"
                    onClick={(e) => {
                      const r = e.currentTarget.getBoundingClientRect()
                      select(spec.name)
                      lab.set({ menu: { process: spec.name, x: r.left, y: r.bottom } })
                    }}
                  >
                    Faults
                  </button>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <table className="t">
        <caption>Packets in flight: {count(packets?.length ?? 0)}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">What</th>
            <th scope="col">Due</th>
          </tr>
        </thead>
        <tbody>
          {(packets ?? []).slice(0, 40).map((p) => (
            <tr key={p.id}>
              <td>{p.from}</td>
              <td>{p.to}</td>
              <td className="mono">{packetText(p, processes, 80)}</td>
              <td className="mono">{p.held ? 'held by a cut' : seconds(p.dueAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(cuts ?? []).map((c) => (
        <p key={c.id}>
          Cut since {seconds(c.since)}: {c.groupA.join(', ')} from {c.groupB.join(', ')}
          {c.oneWay ? ', one way' : ''}
          {c.layer === 'bus' ? ', the bus only' : c.layer === 'client' ? ', all but the bus' : ''}
        </p>
      ))}
    </div>
  )
}
