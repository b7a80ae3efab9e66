//! Bots whose calls are folders or scripts of their own, which Apache does not serve at `/keyboard` and `/message` by
//! itself. What `config check --probe` prints for them must work as it stands.

use std::process::Command;

use super::server::Apache;
use crate::support::*;

const KEYBOARD: &str = r#"<?php echo json_encode(["type" => "buttons", "buttons" => ["안녕"]]);"#;
const MESSAGE: &str = r#"<?php
$asked = json_decode(file_get_contents("php://input"), true);
echo json_encode(["message" => ["text" => "들은 말: ".$asked["content"]]]);"#;

/// What the check of a bot prints, and its exit code.
fn check(url: &str) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    let ended = command.args(["config", "check", "--probe", "--lang", "ko", "--bot", url]).output().unwrap();
    (String::from_utf8(ended.stdout).unwrap(), ended.status.code().unwrap())
}

/// The lines that are there to be copied.
fn to_copy(told: &str) -> String {
    let lines = told.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn says_what_it_heard(url: &str) {
    let bridge = Bridge::before(url, &[]);
    let answer = bridge.client().say(&Say::words(&newcomer(), "안녕")).unwrap();
    assert!(answer.text().contains("들은 말: 안녕"), "{}", answer.text());
}

#[test]
fn the_lines_for_a_bot_of_folders_work_as_they_are_printed_and_leave_other_folders_alone() {
    let Some(apache) = Apache::start() else { return };
    for (file, text) in [("keyboard", KEYBOARD), ("message", MESSAGE), ("admin", "<?php echo 'admin';")] {
        apache.put(&format!("shop/{file}/index.php"), text);
    }
    let url = format!("http://{}/shop", apache.address);
    let (told, code) = check(&url);
    assert!(code == 2 && told.contains("SB3102"), "{told}");
    apache.put("shop/.htaccess", &to_copy(&told));
    let (told, code) = check(&url);
    assert!(code == 0 && told.contains("SB3001"), "{told}");
    says_what_it_heard(&url);
    let admin = Client::connect(apache.address).request("GET", "/shop/admin", &[], b"").unwrap();
    assert_eq!(admin.status, 301);
    assert!(admin.header("location").unwrap().ends_with("/shop/admin/"), "{admin:?}");
}

#[test]
fn the_lines_for_a_bot_of_scripts_work_as_they_are_printed() {
    let Some(apache) = Apache::start() else { return };
    for (file, text) in [("keyboard", KEYBOARD), ("message", MESSAGE)] {
        apache.put(&format!("shop/{file}.php"), text);
    }
    let url = format!("http://{}/shop", apache.address);
    let (told, code) = check(&format!("{url}/keyboard.php"));
    assert!(code == 2 && told.contains("SB3111") && told.contains(&format!("url = \"{url}\"")), "{told}");
    apache.put("shop/.htaccess", &to_copy(&told));
    let (told, code) = check(&url);
    assert!(code == 0 && told.contains("SB3001"), "{told}");
    says_what_it_heard(&url);
}

#[test]
fn a_message_that_apache_redirects_is_found_and_mended_where_the_keyboard_is_fine() {
    let Some(apache) = Apache::start() else { return };
    for (file, text) in [("keyboard.php", KEYBOARD), ("message/index.php", MESSAGE)] {
        apache.put(&format!("shop/{file}"), text);
    }
    apache.put("shop/.htaccess", "RewriteEngine On\nRewriteRule ^keyboard$ keyboard.php [L]\n");
    let url = format!("http://{}/shop", apache.address);
    let (told, code) = check(&url);
    assert!(code == 0 && told.contains("SB3001"), "{told}");
    let send = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
        let ended = command.args(["check", &url, "--message", "안녕", "--lang", "ko"]).output().unwrap();
        (String::from_utf8(ended.stdout).unwrap(), ended.status.code().unwrap())
    };
    let (told, code) = send();
    assert!(code == 2 && told.contains("SB5101") && told.contains("(PHP)"), "{told}");
    let lines = told.lines().filter_map(|line| line.strip_prefix("        "));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    apache.put("shop/keyboard/index.php", KEYBOARD);
    apache.put("shop/.htaccess", &lines);
    let (told, code) = send();
    assert!(code == 0 && told.contains("SB5001"), "{told}");
    says_what_it_heard(&url);
}

#[test]
fn a_message_that_apache_forbids_is_found_where_the_keyboard_is_fine() {
    let Some(apache) = Apache::start() else { return };
    for (file, text) in [("keyboard", KEYBOARD), ("message", MESSAGE)] {
        apache.put(&format!("shop/{file}.php"), text);
    }
    let rules = "RewriteEngine On\nRewriteCond %{REQUEST_METHOD} POST\nRewriteRule ^message$ - [F]\n\
                 RewriteRule ^(keyboard|message)$ $1.php [L]\n";
    apache.put("shop/.htaccess", rules);
    let url = format!("http://{}/shop", apache.address);
    assert_eq!(check(&url).1, 0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    let ended = command.args(["check", &url, "--message", "안녕", "--lang", "ko"]).output().unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.code() == Some(2) && told.contains("SB5102") && told.contains("403"), "{told}");
}
