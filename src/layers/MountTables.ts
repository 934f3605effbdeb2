/** What is mounted in the other mount namespaces of this machine, as far as this user may look. */
import * as fs from "node:fs"

/** As proc_pid_mountinfo(5) writes a path. */
const escaped = (file: string) =>
  file.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`)

const namespaceOf = (pid: string): string | undefined => {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined // gone, or not ours
  }
}

/** Whether a process in a namespace of its own has something mounted there. */
export const isMountPoint = (file: string): boolean => {
  const seen = new Set([namespaceOf("self"), undefined])
  return fs.readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    const namespace = namespaceOf(pid)
    if (seen.has(namespace)) return false
    seen.add(namespace)
    try {
      return fs.readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(` ${escaped(file)} `)
    } catch {
      return false
    }
  })
}
