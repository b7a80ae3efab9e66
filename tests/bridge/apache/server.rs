//! A fresh Apache with `examples/php-bot`, in a folder of its own; no service of the system is touched.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::*;

/// Where Debian has Apache, and its modules, PHP's among them.
const APACHE: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// Debian's apache2.conf, mods-available/mpm_prefork.conf and php*.conf as far as they matter here, at Apache 2.4 in
/// Debian 12: what is served by how many, and how long a connection is kept.
const CONFIGURATION: &str = r#"
ServerName localhost
ServerTokens OS
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
StartServers 5
MinSpareServers 5
MaxSpareServers 10
MaxRequestWorkers 150
MaxConnectionsPerChild 0
HostnameLookups Off
<FilesMatch ".+\.ph(?:ar|p|tml)$">
    SetHandler application/x-httpd-php
</FilesMatch>
# Counts only where Apache is started as root.
User www-data
Group www-data
"#;

pub(crate) struct Apache {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl Apache {
    /// Starts one and waits until it listens; `None`, said on standard error, where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let php = php_module()?;
        // Another process may take the port between the look and Apache's own bind.
        (0..5).find_map(|_| Self::try_start(&php)).or_else(|| panic!("Apache does not start"))
    }

    /// Puts a file under its document root.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let file = self.folder.path().join("www").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn try_start(php: &Path) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let configuration = prepare(folder.path(), address, php);
        let mut child = Command::new(APACHE)
            .arg("-d")
            .arg(folder.path())
            .arg("-f")
            .arg(&configuration)
            .arg("-DFOREGROUND")
            // Prefork's parent signals its whole group when it ends.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("Apache", || {
            let up = TcpStream::connect(address).is_ok();
            (up || child.try_wait().unwrap().is_some()).then_some(())
        });
        let ended = child.try_wait().unwrap();
        let apache = Self { address, child, folder };
        ended.is_none().then_some(apache)
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // By signal, so that the parent ends its workers.
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        if ended.is_ok_and(|ended| ended.success()) {
            let _gone = self.child.wait();
        }
    }
}

/// Apache's PHP; says so where either is missing.
fn php_module() -> Option<PathBuf> {
    let is_php = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libphp") && name.ends_with(".so")
    };
    let modules = fs::read_dir(MODULES).into_iter().flatten().map(|entry| entry.unwrap().path());
    let found = modules.filter(is_php).max().filter(|_| Path::new(APACHE).exists());
    if found.is_none() {
        skip("there is no Apache with PHP (apt-get install apache2-bin libapache2-mod-php)");
    }
    found
}

/// Writes the bot and the configuration; the path of the latter. The workers of an Apache that root starts are another
/// user, who has to read them.
fn prepare(folder: &Path, address: SocketAddr, php: &Path) -> PathBuf {
    let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/php-bot/kakao");
    let site = folder.join("www/kakao");
    fs::create_dir_all(&site).unwrap();
    for file in [".htaccess", "index.php"] {
        fs::copy(bot.join(file), site.join(file)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let state = folder.join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();

    let mut text = String::new();
    for module in ["mpm_prefork", "authz_core", "dir", "env", "rewrite"] {
        text.push_str(&format!("LoadModule {module}_module {MODULES}/mod_{module}.so\n"));
    }
    let configuration = folder.join("apache2.conf");
    let (folder, php) = (folder.display(), php.display());
    text.push_str(&format!(
        "LoadModule php_module {php}\nListen {address}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\n\
         ErrorLog {folder}/error.log\nDocumentRoot {folder}/www\nSetEnv BOT_STATE {folder}/state\n\
         <Directory {folder}/www>\nAllowOverride All\nRequire all granted\n</Directory>\n{CONFIGURATION}"
    ));
    fs::write(&configuration, text).unwrap();
    configuration
}
