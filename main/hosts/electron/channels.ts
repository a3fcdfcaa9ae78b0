/** The names under which the preload and the main process know each other's messages. */
export const rpcChannel = 'loracle:rpc'
/** Sent on the RPC channel by a page that listens now; frames are never empty. */
export const openMessage = ''

export const chooseFilesChannel = 'loracle:choose-files'
export const chooseFolderChannel = 'loracle:choose-folder'
export const showItemChannel = 'loracle:show-item'
