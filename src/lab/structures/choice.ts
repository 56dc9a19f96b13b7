import { create } from 'zustand'

/** Which process, database and key the Structures screen shows, and what its search looks for. */
export const useChoice = create<{ process: string; db: number; key: string; member: string }>()(() => ({
  process: '',
  db: 0,
  key: '',
  member: '',
}))

export const chooseKey = (process: string, key: string) => useChoice.setState({ process, key, member: '' })
