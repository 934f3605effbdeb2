// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"

export type ConfigLayerSource =
  /** Defaults that came with the program. */
  | {
      type: "packagedDefaults"
      /** The file that came with the program. */
      file: AbsolutePathBuf
    }
  /** Preferences that an administrator put on a Mac. */
  | {
      type: "mdm"
      domain: string
      key: string
    }
  /** The configuration of the machine. */
  | {
      type: "system"
      /** The configuration of the machine; it need not exist. */
      file: AbsolutePathBuf
    }
  /** Configuration that an organisation hands out. */
  | {
      type: "enterpriseManaged"
      /** Names the layer for programs. */
      id: string
      /** Names the layer for the people who administer it. */
      name: string
    }
  /** The configuration of the user. */
  | {
      type: "user"
      /** The configuration of the user; it need not exist. */
      file: AbsolutePathBuf
      /** The profile whose file this is, where it is not the user's main file. */
      profile: string | null
    }
  /** The `.codex` directory of a project, from its root down to the working directory. */
  | {
      type: "project"
      dotCodexFolder: AbsolutePathBuf
    }
  /** What was said on the command line. */
  | {
      type: "sessionFlags"
    }
  /** Managed configuration in the file of earlier versions. */
  | {
      type: "legacyManagedConfigTomlFromFile"
      file: AbsolutePathBuf
    }
  | {
      type: "legacyManagedConfigTomlFromMdm"
    }
