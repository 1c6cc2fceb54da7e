/** Why a command cannot do what it was asked to; nothing was done. Its message is all that the user is to see. */
export class ControlError extends Error {}
