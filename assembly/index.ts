/** What the core gives its hosts: exports, nothing else. */
export {
  identity_absent,
  identity_begin,
  identity_digits,
  identity_end,
  identity_field,
  sha256_begin,
  sha256_end,
  sha256_update,
} from './identity';
export { name_check, name_digits } from './name';
export { options_mediation, options_mode, options_subject } from './option-grammar';
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
