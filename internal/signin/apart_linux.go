package signin

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

const schedIdle = 5 // SCHED_IDLE of sched(7)

// idle has a process run only while nobody else wants the processor, every thread
// of it: one that is begun meanwhile takes after the one that begins it, or is found
// by another look.
func idle(pid int) {
	folder := "/proc/" + strconv.Itoa(pid) + "/task"
	done := map[string]bool{}
	for found := true; found; {
		found = false
		threads, _ := os.ReadDir(folder)
		for _, t := range threads {
			if done[t.Name()] {
				continue
			}
			done[t.Name()], found = true, true
			if id, err := strconv.Atoi(t.Name()); err == nil {
				var priority int32
				syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, uintptr(id), schedIdle, uintptr(unsafe.Pointer(&priority)))
			}
		}
	}
}
