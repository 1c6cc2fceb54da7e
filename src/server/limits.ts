/**
 * How long a client may take from the greeting to the end of its request. A client sends it at once; the limit is for
 * one that is stopped, or that is no client.
 */
export const REQUEST_LIMIT_MS = 10_000;

/**
 * How many accepted connections may have said nothing yet. For one more, the oldest of them has to go: a client speaks within a
 * millisecond of its greeting, so the oldest silent one is the least likely to be a client.
 */
export const MAX_GREETED_CALLS = 64;

/**
 * How long a connection may say nothing before it may have to go: on a machine that is very busy, a client can wait for a
 * processor for a while.
 */
export const SILENCE_LIMIT_MS = 1_000;

/** How long after SIGINT an executor whose client has gone may take to end, before it gets SIGKILL. */
export const EXECUTOR_GRACE_MS = 5_000;

/**
 * How often to look whether anybody is left in the process group of a call whose client has gone and whose executor has ended: nobody tells
 * of that. Not rarely, since the number of a group that is empty can be given to another.
 */
export const GROUP_LOOK_MS = 50;
