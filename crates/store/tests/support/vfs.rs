//! A SQLite VFS over the operating system's that records what is done to the database's files, in order, and can refuse to write. One is
//! registered for each test, by a name of its own.
#![expect(unsafe_code, reason = "a VFS is a C interface: tables of functions over files that SQLite allocates")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::size_of;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::ffi::{
    SQLITE_FULL, SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_filename,
    sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

/// The database's durable files. The shared memory of the log's index is not one: it is made anew after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Database,
    Log,
}

/// Something done to a file.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Write {
        file: Name,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: Name,
        size: usize,
    },
    /// Covers what was recorded before the call: the first `covers` events. It stands where it returned.
    Sync {
        file: Name,
        covers: usize,
    },
    Delete {
        file: Name,
    },
}

/// What was done, and whether writing works.
#[derive(Default)]
pub(crate) struct Disk {
    events: Mutex<Vec<Event>>,
    full: AtomicBool,
    stalled: AtomicBool,
    recording: AtomicBool,
}

impl Disk {
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.lock())
    }

    /// From now on every write fails for want of space, or none does.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// From now on syncs wait, or go on.
    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::SeqCst);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, event: Event) {
        if self.recording.load(Ordering::Relaxed) {
            self.lock().push(event);
        }
    }
}

/// What the VFS finds in `pAppData`. Lives as long as the process, as the VFS does.
struct Layer {
    below: *mut sqlite3_vfs,
    disk: Arc<Disk>,
}

/// An open file: SQLite allocates it with room for the file of the VFS below behind it.
#[repr(C)]
struct File {
    base: sqlite3_file,
    layer: *const Layer,
    name: Option<Name>,
}

/// Registers a VFS by this name. It is never taken away: connections may outlive the test.
pub(crate) fn register(name: &str, recording: bool) -> Arc<Disk> {
    let disk = Arc::new(Disk { recording: AtomicBool::new(recording), ..Disk::default() });
    // SAFETY: the default VFS exists for as long as the process; what is registered is leaked and so lives as long too.
    unsafe {
        let below = sqlite3_vfs_find(std::ptr::null());
        let layer = Box::leak(Box::new(Layer { below, disk: Arc::clone(&disk) }));
        let name = CString::new(name).expect("a name without zero").into_raw();
        let mut vfs: sqlite3_vfs = std::ptr::read(below);
        vfs.szOsFile += c_int::try_from(size_of::<File>()).expect("small");
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = name;
        vfs.pAppData = std::ptr::from_mut(layer).cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xAccess = Some(access);
        vfs.xFullPathname = Some(full_pathname);
        let registered = sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0);
        assert_eq!(registered, SQLITE_OK);
    }
    disk
}

unsafe fn layer<'l>(vfs: *mut sqlite3_vfs) -> &'l Layer {
    // SAFETY: set by `register`, never freed.
    unsafe { &*(*vfs).pAppData.cast::<Layer>() }
}

unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the allocation has `size_of::<File>()` bytes before the file of the VFS below.
    unsafe { file.cast::<u8>().add(size_of::<File>()).cast() }
}

unsafe fn methods<'m>(file: *mut sqlite3_file) -> &'m sqlite3_io_methods {
    // SAFETY: the VFS below has set them when it opened the file.
    unsafe { &*(*below(file)).pMethods }
}

unsafe fn record(file: *mut sqlite3_file, event: impl FnOnce(Name) -> Event) {
    // SAFETY: `open` has initialised the file.
    let (layer, name) = unsafe {
        let file = &*file.cast::<File>();
        (&*file.layer, file.name)
    };
    if let Some(name) = name {
        layer.disk.add(event(name));
    }
}

unsafe fn disk<'d>(file: *mut sqlite3_file) -> &'d Disk {
    // SAFETY: `open` has initialised the file; a layer is never freed.
    let layer = unsafe { &*(*file.cast::<File>()).layer };
    &layer.disk
}

unsafe fn is_full(file: *mut sqlite3_file) -> bool {
    // SAFETY: `open` has initialised the file.
    unsafe { disk(file) }.full.load(Ordering::SeqCst)
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a file of `szOsFile` bytes and a VFS that `register` made.
    unsafe {
        let layer = layer(vfs);
        let own = file.cast::<File>();
        (*own).base.pMethods = std::ptr::null();
        (*own).layer = layer;
        (*own).name = match flags {
            f if f & SQLITE_OPEN_MAIN_DB != 0 => Some(Name::Database),
            f if f & SQLITE_OPEN_WAL != 0 => Some(Name::Log),
            _ => None,
        };
        let result = (*layer.below).xOpen.expect("given")(layer.below, path, below(file), flags, out);
        if result == SQLITE_OK {
            (*own).base.pMethods = &raw const METHODS;
        }
        result
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite gives a path that ends with zero.
    unsafe {
        let layer = layer(vfs);
        if CStr::from_ptr(path).to_bytes().ends_with(b"-wal") {
            layer.disk.add(Event::Delete { file: Name::Log });
        }
        (*layer.below).xDelete.expect("given")(layer.below, path, sync)
    }
}

unsafe extern "C" fn access(vfs: *mut sqlite3_vfs, path: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: passed through.
    unsafe {
        let layer = layer(vfs);
        (*layer.below).xAccess.expect("given")(layer.below, path, flags, out)
    }
}

unsafe extern "C" fn full_pathname(vfs: *mut sqlite3_vfs, path: *const c_char, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: passed through.
    unsafe {
        let layer = layer(vfs);
        (*layer.below).xFullPathname.expect("given")(layer.below, path, len, out)
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Version 2: shared memory for the log, no memory-mapped pages, so that every write is seen.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, len: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives `len` bytes.
    unsafe {
        if is_full(file) {
            return SQLITE_FULL;
        }
        let (Ok(size), Ok(offset)) = (usize::try_from(len), usize::try_from(at)) else { return SQLITE_IOERR };
        let result = methods(file).xWrite.expect("given")(below(file), bytes, len, at);
        if result == SQLITE_OK {
            let bytes = slice::from_raw_parts(bytes.cast::<u8>(), size).to_vec();
            record(file, |file| Event::Write { file, offset, bytes });
        }
        result
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: passed through.
    unsafe {
        let result = methods(file).xTruncate.expect("given")(below(file), size);
        if result == SQLITE_OK {
            let size = usize::try_from(size).unwrap_or(0);
            record(file, |file| Event::Truncate { file, size });
        }
        result
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: passed through. What is written while the call runs may or may not be on the disk after it.
    unsafe {
        while disk(file).stalled.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let covers = disk(file).len();
        let result = methods(file).xSync.expect("given")(below(file), flags);
        if result == SQLITE_OK {
            record(file, |file| Event::Sync { file, covers });
        }
        result
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: passed through; the file has no destructor of its own.
    unsafe { methods(file).xClose.expect("given")(below(file)) }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, to: *mut c_void, len: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xRead.expect("given")(below(file), to, len, at) }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xFileSize.expect("given")(below(file), out) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xLock.expect("given")(below(file), level) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xUnlock.expect("given")(below(file), level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xCheckReservedLock.expect("given")(below(file), out) }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, op: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xFileControl.expect("given")(below(file), op, argument) }
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn device_characteristics(_: *mut sqlite3_file) -> c_int {
    // Nothing is promised: neither atomic writes nor that a write leaves its neighbours alone.
    0
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xShmMap.expect("given")(below(file), page, size, extend, out.cast()) }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, n: c_int, flags: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xShmLock.expect("given")(below(file), offset, n, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: passed through.
    unsafe { methods(file).xShmBarrier.expect("given")(below(file)) }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { methods(file).xShmUnmap.expect("given")(below(file), delete) }
}
