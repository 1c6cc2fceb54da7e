/** What the core gives its hosts: exports, nothing else. */

// First of all, so that their tables lie before the large buffers and beside the beginning of the input: pages that are touched anyway.
import './sha256';
import './settings';

export {
  call_decoder_begin,
  call_decoder_complete,
  call_decoder_field,
  call_decoder_field_length,
  call_decoder_limit_count,
  call_decoder_limit_resource,
  call_decoder_limit_soft,
  call_decoder_number,
  call_decoder_received,
  call_decoder_room,
  call_decoder_space,
} from './call-decoder';
export {
  call_address,
  call_begin,
  call_bytes,
  call_cwd,
  call_end,
  call_length,
  call_limit,
  call_number,
  call_room,
  call_space,
  call_string,
  call_traced,
} from './call-encoder';
export { message_subject } from './fields';
export {
  identity_absent,
  identity_begin,
  identity_context,
  identity_digits,
  identity_end,
  identity_field,
  sha256_begin,
  sha256_end,
  sha256_update,
} from './identity';
export {
  message_field,
  message_field_length,
  message_kind,
  message_large,
  message_moment,
  message_moment_count,
  message_moment_time,
  message_number,
  message_take,
  message_wanted,
} from './message-decoder';
export {
  message_bytes,
  message_encode,
  message_encode_moments,
  message_encode_refused,
  message_encode_reply,
} from './message-encoder';
export { message_header } from './message-kinds';
export { name_check, name_digits } from './name';
export { options_flags, options_mediation, options_mode, options_subject } from './option-grammar';
export {
  options_word_count,
  options_word_length,
  options_word_role,
  options_word_text,
} from './option-words';
export {
  options_argument,
  options_begin,
  options_end,
  options_first_argument,
  options_room,
  options_script,
  options_space,
} from './options';
export {
  preclean_begin,
  preclean_collect,
  preclean_ident,
  preclean_last_use,
  preclean_name,
  preclean_select,
  preclean_victim,
} from './preclean';
export {
  request_argument,
  request_begin,
  request_bytes,
  request_end,
  request_environment,
  request_length,
  request_marker_length,
  request_room,
  request_string,
} from './request';
export {
  decoder_arguments,
  decoder_arguments_length,
  decoder_begin,
  decoder_complete,
  decoder_environment,
  decoder_environment_length,
  decoder_framing,
  decoder_received,
  decoder_room,
  decoder_space,
  decoder_wanted,
} from './request-decoder';
export { input } from './strings';
export { wait_status } from './waitstatus';
export {
  greeting_begin,
  greeting_encode,
  greeting_extension,
  greeting_push,
  status_begin,
  status_encode,
  status_push,
  status_value,
  wire_taken,
} from './wire';
