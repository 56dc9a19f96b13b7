import { openView } from '../actions.ts'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { readKeys } from '../structures/shapes.ts'
import { chooseKey } from '../structures/choice.ts'

export function KeysTab({ process }: { process: string }) {
  const data = useView(process, 'keys', ['0'])
  if (data === undefined) return <div className="say small">Asking {process}</div>
  if (data === null) return <div className="say small">{process} is not running.</div>
  const { keys, total } = readKeys(data)
  if (keys.length === 0) return <div className="say small">No keys in db0. Try SET greeting hello in redis-cli.</div>
  return (
    <section aria-label="Keys">
      <div className="h">
        db0
        <span className="sp" />
        <span className="ink3 light">
          {count(total)} {total === 1 ? 'key' : 'keys'}
        </span>
      </div>
      <table className="t keytable">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Type</th>
            <th scope="col">Encoding</th>
            <th scope="col" className="r">
              TTL
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.slice(0, 200).map((k) => (
            <tr key={k.name}>
              <td className="mono">
                <button
                  type="button"
                  className="link"
                  title={`Show the structure of ${showBytes(k.name, 300)}`}
                  onClick={() => {
                    chooseKey(process, k.name)
                    openView('structures')
                  }}
                >
                  {showBytes(k.name, 60)}
                </button>
              </td>
              <td>{k.type}</td>
              <td>{k.encoding}</td>
              <td className="r mono">{k.ttl === null ? '' : `${(k.ttl / 1000).toFixed(1)} s`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > keys.length && (
        <div className="cap">
          First {count(keys.length)} of {count(total)}.
        </div>
      )}
    </section>
  )
}
