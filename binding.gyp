{
  "targets": [
    {
      "target_name": "prefork_interp",
      "sources": [
        "native/addon/binding.cc",
        "native/addon/command_line.cc",
        "native/addon/descriptors.cc",
        "native/addon/errors.cc",
        "native/addon/exit.cc",
        "native/addon/fork.cc",
        "native/addon/fork_binding.cc",
        "native/addon/loop.cc",
        "native/addon/loop_pool.cc",
        "native/addon/loop_watchers.cc",
        "native/addon/node_symbols.cc",
        "native/addon/pages.cc",
        "native/addon/platform.cc",
        "native/addon/process_image.cc",
        "native/addon/processes.cc",
        "native/addon/resources.cc",
        "native/addon/shared_memory.cc",
        "native/addon/signal_queue.cc",
        "native/addon/signals.cc",
        "native/addon/sockets.cc",
        "native/addon/stdio.cc",
        "native/addon/sync.cc",
        "native/addon/task_pool.cc",
        "native/addon/threads.cc",
        "native/addon/worker_hold.cc",
        "native/sys/descriptors.cc",
        "native/sys/directory.cc",
        "native/sys/lock.cc",
        "native/sys/process.cc",
        "native/sys/ready.cc",
        "native/sys/resources.cc",
        "native/sys/signal_queue.cc",
        "native/sys/unix_message.cc",
        "native/sys/unix_socket.cc"
      ],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags!": ["-Wno-unused-parameter"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags_cc": ["-std=c++17", "-fexceptions", "-fvisibility=hidden"]
    }
  ]
}
