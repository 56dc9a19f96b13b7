/** What stands on the Structures screen when its process does not run: why, what can be done, and the report of a fault. */
import { copyText, processFault } from '../actions.ts'
import { Icon } from '../parts/icons.tsx'
import { useProcess } from '../store.ts'

export function Stopped({ process }: { process: string }) {
  const status = useProcess(process)
  if (status === undefined || status.state === 'running' || status.state === 'paused') return null
  const report = status.crash
  return (
    <div className="stopped" role="alert">
      <Icon name={report !== null ? 'odown' : 'kill'} />
      <span>
        {report !== null
          ? `${process} stopped by a fault of the engine. The other processes go on.`
          : `${process} is not running${status.exitCode !== null ? `, exit code ${status.exitCode}` : ''}. Nothing of it is in memory.`}
      </span>
      <span className="sp" />
      {report !== null && (
        <button type="button" className="btn small" onClick={() => void copyText(report, 'Report')}>
          Copy the report
        </button>
      )}
      <button type="button" className="btn small" onClick={() => processFault('restart', process)}>
        Restart {process}
      </button>
    </div>
  )
}
